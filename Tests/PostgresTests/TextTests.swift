// Text is text, or an error.
import Testing

@testable import Postgres

@Suite struct TextTests {
    @Test(arguments: ["", "plain", "\u{7f}", "€", "a text of more than fifteen bytes", "žluťoučký kůň"])
    func textComesAsItWasSent(text: String) throws {
        #expect(try String(postgres: cell(Array(text.utf8))) == text)
    }

    @Test(
        arguments: [
            [0], [0x61, 0], [0x80], [0xff], [0x61, 0xc3], [0xe2, 0x82], [0xc0, 0x80],
            [0xed, 0xa0, 0x80, 0x61],
        ] as [[UInt8]])
    func whatIsNoTextIsRefusedAndNotRepaired(bytes: [UInt8]) throws {
        #expect(throws: PostgresError.self) { try String(postgres: cell(bytes)) }
    }

    private func cell(_ bytes: [UInt8]) -> PostgresCell {
        PostgresCell(column: "name", type: .text, bytes: bytes[...])
    }
}

// The reader takes JSON and nothing near it.
import Testing

@testable import BursarProviders

@Suite struct JSONReaderTests {
    @Test(arguments: [
        "", " ", "{", "}", "[", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "01",
        "-",
        "1.", ".5", "1e", "1e+", "+1", "0x1", "NaN", "Infinity", "nul", "nulll", "True", "\"", "\"a",
        "\"\\x\"",
        "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "\"\u{0}\"", "1 2",
        "{} {}",
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}", "[1 2]", "// c\n1", "\u{feff}\u{feff}1",
    ])
    func notJSON(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func notUTF8() {
        #expect(throws: JSONSyntaxError.self) { try JSONReader.read([0x22, 0xff, 0x22]) }
        #expect(throws: JSONSyntaxError.self) { try JSONReader.read([0x22, 0xc0, 0xaf, 0x22]) }
        #expect(throws: JSONSyntaxError.self) { try JSONReader.read([0x22, 0xed, 0xa0, 0x80, 0x22]) }
    }

    @Test func values() throws {
        let text = #" {"a":[null,true,false,-1.50e+3,"\u00e9\ud83d\ude00\/\n"],"":{}} "#
        let expected = JSONValue.object([
            JSONMember(
                name: "a",
                value: .array([.null, .bool(true), .bool(false), .number("-1.50e+3"), .string("é😀/\n")])),
            JSONMember(name: "", value: .object([])),
        ])
        #expect(try JSONReader.read(Array(text.utf8)) == expected)
    }

    @Test func depth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try JSONReader.read(nested(32)) }
        #expect(throws: JSONSyntaxError.self) { try JSONReader.read(nested(33)) }
    }

    @Test(arguments: [
        ("", false), ("a", false), ("/a~", false), ("/a~2", false), ("/", true), ("/a~0~1/0", true),
    ])
    func pointerSyntax(_ text: String, _ isPointer: Bool) {
        #expect((JSONPointer(text) != nil) == isPointer)
    }

    @Test(arguments: [
        ("/a/1", "7"), ("/a/01", nil), ("/a/2", nil), ("/a/-", nil), ("/a/x", nil), ("/b/c", nil), ("/", "8"),
    ])
    func pointerLookup(_ pointer: String, _ expected: String?) throws {
        let document = try JSONReader.read(Array(#"{"a":[5,7],"b":"c","":8}"#.utf8))
        #expect(JSONPointer(pointer)?.value(in: document)?.scalarText == expected)
    }
}

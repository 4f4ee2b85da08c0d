// The small JSON reader and writer.
import BursarCore
import Testing

@testable import BursarHTTP

@Suite struct JSONMembersTests {
    private func flaw(_ text: String) -> JSONMembers.Flaw? {
        do throws(JSONMembers.Flaw) {
            _ = try JSONMembers(text.utf8)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (#"{"a":"b"}"#, "b"), (#" { "a" : "b" , "c":"d" } "#, "b"),
        (#"{"a":"\"\\\/\b\f\n\r\t"}"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#"{"a":"\u00e9"}"#, "é"), (#"{"a":"\ud83d\ude00"}"#, "😀"), (#"{"a":"é"}"#, "é"), (#"{"a":""}"#, ""),
        (#"{"\u0061":"b"}"#, "b"),
    ]) func stringsAreRead(text: String, value: String) throws {
        #expect(try JSONMembers(text.utf8).members["a"] == value)
    }

    @Test func emptyObjectIsFine() throws { #expect(try JSONMembers("{}".utf8).members.isEmpty) }

    @Test(arguments: [
        #"{"a":1}"#, #"{"a":null}"#, #"{"a":true}"#, #"{"a":{}}"#, #"{"a":["x"]}"#, #"{"a":-1}"#,
    ]) func otherValuesAreRefusedByName(text: String) {
        #expect(flaw(text) == .notAString("a"))
    }

    @Test func depthCostsNothing() {
        #expect(flaw(#"{"a":"# + String(repeating: "[", count: 16_000)) == .notAString("a"))
    }

    @Test(arguments: [#"{"a":"1","a":"2"}"#, #"{"a":"1","\u0061":"1"}"#]) func repeatedMemberIsRefused(
        text: String
    ) {
        #expect(flaw(text) == .repeated("a"))
    }

    @Test(arguments: ["[]", "1", "null", #""a""#]) func otherDocumentsAreRefused(text: String) {
        #expect(flaw(text) == .notAnObject)
    }

    @Test(arguments: [
        ("", 0), ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5), (#"{"a":"b""#, 8), (#"{"a":"b",}"#, 9),
        (#"{a:"b"}"#, 1),
        (#"{"a":"b"} x"#, 10), (#"{"a":"\x"}"#, 7), (#"{"a":"\ud800"}"#, 12), ("{\"a\":\"\n\"}", 6),
        (#"{"a":"b" "c":"d"}"#, 9), (#"{'a':'b'}"#, 1),
    ]) func whatIsNoJSONIsLocated(text: String, offset: Int) {
        #expect(flaw(text) == .malformed(at: offset))
    }

    @Test func membersAreBounded() {
        let many = (0...JSONMembers.mostMembers).map { "\"m\($0)\":\"\"" }.joined(separator: ",")
        #expect(flaw("{\(many)}") == .tooMany)
    }
}

@Suite struct JSONWriterTests {
    @Test func membersFollowOneAnother() {
        var json = JSONWriter()
        json.member("a", "b")
        json.member("n", 42)
        json.member("t", true)
        json.member("l", ["x", "y"])
        json.member("s", Secret("tok.en-1"))
        let text = String(decoding: json.finished(), as: UTF8.self)
        #expect(text == #"{"a":"b","n":42,"t":true,"l":["x","y"],"s":"tok.en-1"}"#)
    }

    @Test func whateverIsWrittenReadsBack() throws {
        let value = String(decoding: Array(UInt8.min...0x7f), as: UTF8.self) + "é😀"
        var json = JSONWriter()
        json.member("a", value)
        json.member("s", Secret(value))
        let members = try JSONMembers(json.finished()).members
        #expect(members["a"] == value)
        #expect(members["s"] == value)
    }

    @Test func emptyObjectIsAnObject() { #expect(JSONWriter().finished() == Array("{}".utf8)) }
}

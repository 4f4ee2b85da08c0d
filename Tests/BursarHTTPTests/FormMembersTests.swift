// Forms as callers send them, and those that are refused.
import Testing

@testable import BursarHTTP

@Suite struct FormMembersTests {
    private func flaw(_ text: String) -> FormMembers.Flaw? { flaw(Array(text.utf8)) }

    private func flaw(_ bytes: [UInt8]) -> FormMembers.Flaw? {
        do throws(FormMembers.Flaw) {
            _ = try FormMembers(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("a=1&b=2", "a", "1"), ("a=1&b=2", "b", "2"), ("a=x+y", "a", "x y"),
        ("a=%2B%26%3D%25%3A", "a", "+&=%:"),
        ("a=b=c", "a", "b=c"), ("%61=1", "a", "1"), ("a=%C3%A9", "a", "é"), ("a=é", "a", "é"),
        ("&&a=1&", "a", "1"),
        ("a=%c3%a9", "a", "é"), ("a=1&a%20b=2", "a b", "2"),
    ]) func valuesAreDecoded(text: String, name: String, value: String) throws {
        #expect(try FormMembers(text.utf8).text(name) == value)
    }

    @Test(arguments: ["", "a", "a=", "b=1", "A=1"]) func emptyIsAbsent(text: String) throws {
        #expect(try FormMembers(text.utf8).text("a") == nil)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "%=1", "a=%4g", "a=1%"]) func brokenEscapeIsRefused(
        text: String
    ) {
        #expect(flaw(text) == .escape)
    }

    @Test(arguments: ["a=%ff", "a=%C3", "%ff=1", "a=%ed%a0%80"]) func whatIsNotUTF8IsRefused(text: String) {
        #expect(flaw(text) == .notText)
    }

    @Test func rawBytesThatAreNotUTF8AreRefused() {
        #expect(flaw(Array("a=".utf8) + [0xff, 0xfe]) == .notText)
    }

    @Test(arguments: ["a=1&a=2", "a=1&a=1", "a=&a=", "a=1&%61=2", "b=0&a=1&c=2&a"])
    func repeatedMemberIsRefused(text: String) {
        #expect(flaw(text) == .repeated("a"))
    }

    @Test func membersAreBounded() {
        let many = (0...FormMembers.mostMembers).map { "m\($0)=1" }.joined(separator: "&")
        #expect(flaw(many) == .tooMany)
    }

    @Test func everyByteSurvivesItsEscape() {
        for byte in UInt8.min ... .max {
            let digits = String(byte, radix: 16)
            let text = "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            #expect(FormText.decode(text.utf8) == [byte])
        }
    }
}

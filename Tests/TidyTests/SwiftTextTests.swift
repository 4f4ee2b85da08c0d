// The reader of Swift that every other rule relies on.
import Testing

struct SwiftTextTests {
    @Test func aCommentIsNoCode() {
        let text = SwiftText("let a = 1  // try! this\n/* and /* nested */ await */ let b = 2")
        #expect(text.code[0].contains("let a = 1") && !text.code[0].contains("try!"))
        #expect(text.code[1].contains("let b = 2") && !text.code[1].contains("await"))
        #expect(text.comments[0].contains("// try! this"))
    }

    @Test func aLiteralIsNoCode() {
        let text = SwiftText(#"let a = "SELECT \" // no comment"; let b = 2"#)
        #expect(text.code[0].contains("let b = 2") && !text.code[0].contains("SELECT"))
        #expect(text.literals == [.init(line: 1, text: #"SELECT \" // no comment"#)])
        #expect(text.comments[0].allSatisfy { $0 == " " })
    }

    @Test func whatIsInterpolatedIsCode() {
        let text = SwiftText(#"print("a \(f(await g(")"))) b")"#)
        #expect(text.code[0].contains("await"))
        #expect(text.literals.map(\.text).sorted() == [")", "a  b"])
    }

    @Test func aMultilineLiteralKeepsItsPlace() {
        let text = SwiftText("let a = 1\nlet b = \"\"\"\n    \"x\" \\(y)\n    \"\"\"\nlet c = 3")
        #expect(text.code[4] == "let c = 3")
        #expect(text.literals.first?.line == 2)
        #expect(text.code[2].contains("y") && !text.code[2].contains("x"))
    }

    @Test func aRawLiteralEndsWithItsHashes() {
        let text = SwiftText(##"let a = #"quote " and \n \#(b)"#; let c = 1"##)
        #expect(text.code[0].contains("let c = 1") && text.code[0].contains("b"))
        #expect(text.literals.first?.text == #"quote " and \n "#)
    }

    @Test func linesStayLines() {
        let source = "a\n// b\n\"c\"\n\n"
        #expect(SwiftText(source).code.count == 5)
        #expect(SwiftText(source).comments.count == 5)
    }
}

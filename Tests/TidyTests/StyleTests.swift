// How the sources read.
import Testing

struct StyleTests {
    private let tree = SourceTree.here
    private var swift: [SourceFile] { tree.swift("Sources", "Tests", "Plugins") }

    @Test func everyFileSaysFirstWhatItIsFor() { expectNone(swift.flatMap(StyleRules.firstLine)) }

    @Test func noFileIsTooLong() { expectNone(swift.flatMap(StyleRules.length)) }

    @Test func noLineIsTooWide() { expectNone(swift.flatMap(StyleRules.width)) }

    @Test func everyRoomHasASubject() { expectNone(swift.flatMap(StyleRules.name)) }

    @Test func everyDangerHasItsReason() { expectNone(swift.flatMap(StyleRules.danger)) }

    @Test func testsDoNotSleep() { expectNone(tree.swift("Tests").flatMap(StyleRules.napping)) }

    @Test func nothingIsLeftForLater() {
        let folders = ["Sources", "Tests", "Plugins", "db", "docs", "scripts"]
        let endings: Set = ["swift", "sql", "sh", "md", "yaml"]
        expectNone(folders.flatMap { tree.files(in: $0, ending: endings) }.flatMap(StyleRules.leftovers))
    }

    @Test func nothingIsPublic() { expectNone(tree.swift("Sources").flatMap(DeclarationRules.visibility)) }

    @Test func everyPackageDeclarationIsDocumented() {
        expectNone(tree.swift("Sources").flatMap(DeclarationRules.documentation))
    }

    // MARK: The rules themselves

    private func file(_ text: String) -> SourceFile {
        SourceFile(path: "Sources/BursarCore/Token.swift", text: text)
    }

    @Test func aDangerWithoutItsReasonIsFound() {
        let text = "// Fine: it was checked above.\nlet a = try! make()\nlet b = try! make()\n// try!\n"
        #expect(StyleRules.danger(file(text)).map(\.line) == [3])
    }

    @Test func aSleepIsFound() {
        let text = """
            try await Task.sleep(for: .seconds(1))
            func sleep(until: Int) {}
            try await clock.sleep(for: x)
            """
        #expect(StyleRules.napping(file(text)).map(\.line) == [1])
    }

    @Test func anUndocumentedTypeIsFound() {
        let text = """
            /// A token.
            @frozen
            package struct Token {}

            package enum Verdict {}
            package func f() {}
            """
        #expect(DeclarationRules.documentation(file(text)).map(\.line) == [5, 6])
    }

    @Test func aPublicSymbolIsFound() {
        let text = "package import A\npublic struct B {}\nlet c = \"public\"\nopen class D {}\n"
        #expect(DeclarationRules.visibility(file(text)).map(\.line) == [2, 4])
    }
}

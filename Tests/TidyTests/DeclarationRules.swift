// Who can see a declaration, and what is said about it.
import Foundation

enum DeclarationRules {
    /// Nothing leaves the package; across targets it is `package`.
    static func visibility(_ file: SourceFile) -> [Finding] {
        file.code(/\bpublic\b|\bopen\s+(?:class|func|var)\b/).map { line, _ in
            file.finding(line, "nothing is public: write `package`, or leave it within its target")
        }
    }

    /// Types, protocols, type aliases and free functions that other targets see: what do they promise?
    static func documentation(_ file: SourceFile) -> [Finding] {
        let pattern = /^package\s+(?:\w+\s+)*(?:struct|class|enum|protocol|actor|func|typealias)\s+(\w+)/
        return (file.swift?.code ?? []).enumerated().compactMap { index, text in
            guard let name = text.firstMatch(of: pattern)?.output.1, !isDocumented(index, in: file) else {
                return nil
            }
            return file.finding(index + 1, "say what `\(name)` promises in a `///` comment above it")
        }
    }

    /// Attributes may stand between the comment and the declaration.
    private static func isDocumented(_ index: Int, in file: SourceFile) -> Bool {
        let above = file.lines[..<index].last { !$0.hasPrefix("@") } ?? ""
        return above.hasPrefix("///")
    }
}

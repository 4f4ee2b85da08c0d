// How every Swift file of the package reads.
import Foundation

enum StyleRules {
    static let longestFile = 300
    static let widestLine = 110

    /// The first line says what the file is for.
    static func firstLine(_ file: SourceFile) -> [Finding] {
        let first = file.lines.first ?? ""
        guard first.hasPrefix("// "), !first.hasPrefix("// MARK"), first.count > 8 else {
            return [file.finding(1, "begin with a `// ` line that says what this file is for")]
        }
        return []
    }

    static func length(_ file: SourceFile) -> [Finding] {
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        guard count > longestFile else { return [] }
        return [file.finding(count, "\(count) lines: above \(longestFile) a file wants to be two")]
    }

    static func width(_ file: SourceFile) -> [Finding] {
        file.numbered(file.lines).filter { $0.text.count > widestLine }.map { line, text in
            file.finding(line, "\(text.count) characters: break the line at \(widestLine)")
        }
    }

    /// Rooms are named after what they are about.
    static func name(_ file: SourceFile) -> [Finding] {
        let path = file.path
        guard let word = path.firstMatch(of: /Utils|Utilities|Helpers|Common|Models|Manager/)?.output else {
            return []
        }
        return [file.finding(1, "`\(word)` says nothing: name the file or folder after its subject")]
    }

    /// Each of these can end the process or hide a race: say why it cannot happen here.
    static func danger(_ file: SourceFile) -> [Finding] {
        // Not dangers themselves, only their names: try!, …
        let pattern = /try!|\bfatalError\(|@unchecked\s+Sendable|nonisolated\(unsafe\)/
        return file.code(pattern).filter { line, _ in
            line < 2 || !file.lines[line - 2].trimmingCharacters(in: .whitespaces).hasPrefix("//")
        }.map { line, text in
            let what = text.firstMatch(of: pattern).map { String($0.output) } ?? ""
            return file.finding(line, "`\(what)` needs its reason in a comment on the line above")
        }
    }

    /// What is left to do stands in the issue tracker.
    static func leftovers(_ file: SourceFile) -> [Finding] {
        // Put together here, so that the rule does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        return file.numbered(file.lines).flatMap { line, text in
            words.filter { word in text.split { !$0.isLetter }.contains { $0 == word } }
                .map { file.finding(line, "\($0): do it, or write an issue") }
        }
    }

    /// A test that sleeps is slow when it is right and wrong when the machine is slow.
    static func napping(_ file: SourceFile) -> [Finding] {
        file.code(/\bTask\.sleep\(|\bThread\.sleep\(|\b(?:u|nano)?sleep\(/).filter { _, text in
            !text.contains(/func\s+sleep\(/) && !text.contains(/[cC]lock\.sleep\(/)
        }.map { line, _ in
            file.finding(line, "tests do not sleep: wait for the event, or move a test clock")
        }
    }
}

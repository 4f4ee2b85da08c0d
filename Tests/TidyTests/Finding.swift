// What a rule found, as an editor can jump to it.
import Testing

/// Where something is wrong, and what to do.
struct Finding: CustomStringConvertible {
    let path: String
    let line: Int
    let advice: String

    var description: String { "\(path):\(line): \(advice)" }
}

extension SourceFile {
    func finding(_ line: Int, _ advice: String) -> Finding { Finding(path: path, line: line, advice: advice) }
}

/// Fails with the list of them.
func expectNone(_ findings: [Finding], _ place: SourceLocation = #_sourceLocation) {
    guard !findings.isEmpty else { return }
    let list = findings.map { "\n\($0)" }.joined()
    Issue.record("\(findings.count) to mend:\(list)", sourceLocation: place)
}

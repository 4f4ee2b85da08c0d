// Build tool behind the EmbedFiles plugin: writes text files as one Swift source.
import Foundation

@main
struct EmbedFilesTool {
    /// Arguments: the source to write, then the files to embed. Names are the files' last path components.
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let output = arguments.first else { throw UsageError() }
        var source = """
            // Made by the EmbedFiles plugin from the files that it names.

            enum EmbeddedFiles {
                static let all: [(name: String, text: String)] = [

            """
        for path in arguments.dropFirst() {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let name = URL(fileURLWithPath: path).lastPathComponent
            source += "        (\(literal(name)), \(literal(text))),\n"
        }
        source += "    ]\n}\n"
        // The build runs this more often than files change, and would compile everything that needs them.
        guard (try? String(contentsOfFile: output, encoding: .utf8)) != source else { return }
        try source.write(toFile: output, atomically: true, encoding: .utf8)
    }

    /// A Swift string literal of `text` on one line.
    private static func literal(_ text: String) -> String {
        var escaped = "\""
        for scalar in text.unicodeScalars { escaped += scalar.escaped(asASCII: true) }
        return escaped + "\""
    }

    private struct UsageError: Error {}
}

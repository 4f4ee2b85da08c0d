// What the command line must never offer.
import Testing

struct CommandLineTests {
    /// A flag's value stands in the list of processes, which every user of the machine can read.
    static func secretFlags(_ file: SourceFile) -> [Finding] {
        let code = file.swift?.code ?? []
        let options = code.indices.filter { code[$0].contains(/@(?:Option|Argument)\b/) }
        let names = options.compactMap { start -> (line: Int, name: String)? in
            for index in code[start...].indices {
                guard let name = code[index].firstMatch(of: /\bvar (\w+)\s*[:=]/)?.output.1 else { continue }
                return (index + 1, String(name))
            }
            return nil
        }
        let named = names.filter { isSecret($0.name) }.map(\.line)
        let custom = (file.swift?.literals ?? []).filter { literal in
            options.contains(literal.line - 1) && !literal.text.contains(" ") && isSecret(literal.text)
        }.map(\.line)
        return Set(named + custom).sorted().map { line in
            file.finding(line, "no secret is a flag: take a file, standard input or a reference")
        }
    }

    private static func isSecret(_ name: String) -> Bool {
        ["secret", "password", "passphrase", "token", "pin"].contains { name.lowercased().hasSuffix($0) }
    }

    @Test func noSecretIsAFlag() {
        let files = SourceTree.here.swift("Sources/bursar", "Sources/ProviderSimulator")
        expectNone(files.flatMap(Self.secretFlags))
    }

    @Test func aSecretFlagIsFound() {
        let text = """
            @Option(help: "A file.") var secretFile: String?
            @Option(help: "The secret.")
            var clientSecret: String
            @Flag var shareToken = false
            @Option(name: .customLong("password")) var word: String?
            """
        let file = SourceFile(path: "Sources/bursar/Commands/ClientCommand.swift", text: text)
        #expect(Self.secretFlags(file).map(\.line) == [3, 5])
    }
}

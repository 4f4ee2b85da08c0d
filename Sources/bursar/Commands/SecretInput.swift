// Secrets from files and standard input; never from a flag, which every user of the machine can read.
import BursarCore
import BursarGateway
import Foundation

enum SecretInput {
    static func readStandardInput() throws -> Data {
        if isatty(STDIN_FILENO) == 1 { Output.say("Type the secret, then Enter and Ctrl-D:") }
        let limit = ConfinedSecrets.sizeLimit
        guard let data = try FileHandle.standardInput.read(upToCount: limit + 1) else {
            throw CommandFailure(.failed, "standard input holds no secret")
        }
        return data
    }

    /// Drops one final newline, as editors and `echo` leave it.
    static func secret(from data: Data, name: String) throws -> Secret {
        let bytes = data.last == UInt8(ascii: "\n") ? data.dropLast() : data
        guard !bytes.isEmpty else { throw CommandFailure(.failed, "\(name) holds no secret") }
        guard bytes.count <= ConfinedSecrets.sizeLimit, !bytes.contains(0) else {
            throw CommandFailure(.failed, "\(name): a secret has at most 64 KiB, and no NUL")
        }
        return Secret(bytes)
    }

    /// Checks the form only: what it refers to may be there on the gateway's machine alone.
    static func checkReference(_ reference: String) throws {
        let isFile =
            reference.hasPrefix("file:") && reference.count > 5
            && !reference.dropFirst(5).contains("/") && !reference.hasPrefix("file:.")
        let isVariable = reference.hasPrefix("env:" + ConfinedSecrets.variablePrefix)
        guard isFile || isVariable else {
            throw CommandFailure(
                .wrongUsage,
                "--secret-ref is file:NAME of BURSAR_SECRETS_DIR, or env:NAME of a variable that begins "
                    + ConfinedSecrets.variablePrefix)
        }
    }
}

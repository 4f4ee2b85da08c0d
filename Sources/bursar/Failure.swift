// How a command ends when it does not succeed: one message, one exit code.
import ArgumentParser
import BursarCore
import BursarGateway
import BursarHTTP
import BursarLedger
import BursarProviders
import BursarVault
private import Foundation
import Postgres

/// Exit codes (docs/API.md section 3).
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    case wrongUsage = 2
    case notFound = 3
    case refused = 4
}

/// What went wrong, for the person who typed the command.
struct CommandFailure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

/// The end of a command that failed, from whatever error it ended with.
struct Failure {
    private let status: Int32
    private let message: String
    /// Help and versions are answers, not failures.
    private let isAnswer: Bool

    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self.init(failure.status, failure.message)
        case let error as SettingsError: self.init(.wrongUsage, error.description)
        case let error as LedgerError: self.init(ledger: error)
        case let error as ReportError: self.init(report: error)
        case PostgresError.commitUnanswered: self.init(.failed, Failure.doubt)
        case let error as PostgresError: self.init(.failed, Failure.advice(on: error))
        case let error as VaultError: self.init(.failed, error.description)
        case let error as ProfileError: self.init(.failed, error.description)
        case let error as HTTPServerError: self.init(.failed, error.description)
        case let error as CertificateFileError: self.init(.failed, error.description)
        case let error as SecretReferenceError: self.init(.failed, error.description)
        default: self.init(parsing: error)
        }
    }

    private init(_ status: ExitStatus, _ message: String) {
        self.status = status.rawValue
        self.message = "bursar: " + message
        isAnswer = false
    }

    private init(ledger error: LedgerError) {
        switch error {
        case .notFound(let text): self.init(.notFound, text)
        case .refused(let text): self.init(.refused, text)
        }
    }

    private init(report error: ReportError) {
        switch error {
        case .notBegun: self.init(.refused, error.description)
        case .tenantUnknown: self.init(.notFound, error.description)
        case .dayOutside: self.init(.wrongUsage, error.description)
        }
    }

    private init(parsing error: any Error) {
        let code = Bursar.exitCode(for: error)
        message = Bursar.fullMessage(for: error)
        isAnswer = code.isSuccess
        // ArgumentParser's own code for wrong usage is 64.
        status = code == .validationFailure ? ExitStatus.wrongUsage.rawValue : code.rawValue
    }

    /// For commands alone: what a gateway sends again counts once.
    private static let doubt = """
        PostgreSQL did not say whether the change was made: it may have been. Before you repeat it look at \
        `bursar audit list --limit 5` and at what was to be changed (`client list`, `credential list`, \
        `connection list`, `report usage`)
        """

    /// What a command or a gateway's log says of it.
    static func advice(on error: PostgresError) -> String {
        switch error {
        case .connectionFailed(let failure) where [.outdated, .otherCluster].contains(failure.reason):
            "\(error)"
        case .connectionFailed:
            "\(error); check BURSAR_DATABASE_URL and that PostgreSQL is running (`bursar doctor` tells more)"
        case .server(let server) where ["42P01", "3F000"].contains(server.sqlState.code):
            "the database has no schema for this program; run `bursar migrate`"
        case .server(let server) where server.sqlState == .insufficientPrivilege:
            "the database's user may not do this; use one that is a member of bursar_gateway "
                + "(for `bursar migrate`: of bursar_owner)"
        case .server(let server) where server.sqlState == .idleInTransactionTimeout:
            "PostgreSQL ended the transaction, since this program was silent in it for too long (\(server)); "
                + "nothing of it stands, repeat it"
        case .server(let server) where server.sqlState.isConnectionLost:
            "PostgreSQL ended the connection (\(server)): it is being stopped, or somebody ended the session"
        default: "\(error)"
        }
    }

    func end() -> Never {
        let stream = isAnswer ? FileHandle.standardOutput : FileHandle.standardError
        if !message.isEmpty { try? stream.write(contentsOf: Data((message + "\n").utf8)) }
        Foundation.exit(status)
    }
}

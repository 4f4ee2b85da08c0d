// PostgreSQL's error codes: the only part of a server's error that code may branch on.

/// A SQLSTATE: five characters, of which the first two name the class (PostgreSQL manual, appendix A).
package struct SQLState: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The five characters as the server sent them.
    package let code: String

    package init(_ code: String) { self.code = code }
    package init(stringLiteral value: String) { self.init(value) }
    package var description: String { code }

    /// The server is going away, the line is broken, or we were silent in a transaction for too long: 08xxx,
    /// 57P01 to 57P03, 25P03.
    package var isConnectionLost: Bool {
        code.hasPrefix("08")
            || [.adminShutdown, .crashShutdown, .cannotConnectNow, .idleInTransactionTimeout].contains(self)
    }

    /// The same transaction, begun again, may succeed: 40001 and 40P01.
    package var isRetryable: Bool { self == .serializationFailure || self == .deadlockDetected }

    /// Whether a connection that answered this must not be used again: lost, or a demoted primary.
    var spoilsConnection: Bool { isConnectionLost || self == .readOnlyTransaction }
}

/// Codes by their name in the manual's appendix A.
extension SQLState {
    static let featureNotSupported: SQLState = "0A000"
    static let invalidStatementName: SQLState = "26000"

    package static let connectionException: SQLState = "08000"
    package static let connectionFailure: SQLState = "08006"
    package static let protocolViolation: SQLState = "08P01"

    package static let stringDataRightTruncation: SQLState = "22001"
    package static let numericValueOutOfRange: SQLState = "22003"
    package static let divisionByZero: SQLState = "22012"
    package static let characterNotInRepertoire: SQLState = "22021"
    package static let invalidParameterValue: SQLState = "22023"
    package static let invalidTextRepresentation: SQLState = "22P02"

    package static let notNullViolation: SQLState = "23502"
    package static let foreignKeyViolation: SQLState = "23503"
    package static let uniqueViolation: SQLState = "23505"
    package static let checkViolation: SQLState = "23514"
    package static let exclusionViolation: SQLState = "23P01"

    package static let activeTransaction: SQLState = "25001"
    package static let readOnlyTransaction: SQLState = "25006"
    package static let inFailedTransaction: SQLState = "25P02"
    package static let idleInTransactionTimeout: SQLState = "25P03"

    package static let invalidAuthorization: SQLState = "28000"
    package static let invalidPassword: SQLState = "28P01"
    package static let invalidCatalogName: SQLState = "3D000"
    package static let invalidSchemaName: SQLState = "3F000"

    package static let serializationFailure: SQLState = "40001"
    package static let deadlockDetected: SQLState = "40P01"

    package static let insufficientPrivilege: SQLState = "42501"
    package static let syntaxError: SQLState = "42601"
    package static let undefinedColumn: SQLState = "42703"
    package static let datatypeMismatch: SQLState = "42804"
    package static let undefinedFunction: SQLState = "42883"
    package static let undefinedTable: SQLState = "42P01"
    package static let duplicateDatabase: SQLState = "42P04"
    package static let duplicateSchema: SQLState = "42P06"
    package static let duplicateTable: SQLState = "42P07"
    package static let duplicateObject: SQLState = "42710"

    package static let diskFull: SQLState = "53100"
    package static let outOfMemory: SQLState = "53200"
    package static let tooManyConnections: SQLState = "53300"
    package static let programLimitExceeded: SQLState = "54000"
    package static let objectInUse: SQLState = "55006"
    package static let lockNotAvailable: SQLState = "55P03"

    package static let queryCanceled: SQLState = "57014"
    package static let adminShutdown: SQLState = "57P01"
    package static let crashShutdown: SQLState = "57P02"
    package static let cannotConnectNow: SQLState = "57P03"

    package static let raiseException: SQLState = "P0001"
}

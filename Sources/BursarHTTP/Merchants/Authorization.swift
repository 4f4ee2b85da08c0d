// The Authorization header: Basic or Bearer.
internal import BursarCore

/// What a caller authenticated with: a 401 answers in kind.
enum AuthenticationScheme { case basic, bearer, form }

struct Authorization {
    enum Flaw: Error, Equatable { case schemeUnknown, basicNotBase64, basicWithoutColon, bearerMalformed }

    let scheme: AuthenticationScheme
    /// Nil for Bearer, which names no id.
    let clientID: String?
    let secret: Secret

    init(field: String) throws(Flaw) {
        let end = field.utf8.firstIndex(of: UInt8(ascii: " ")) ?? field.utf8.endIndex
        let rest = field.utf8[end...].drop { $0 == UInt8(ascii: " ") }
        switch String(decoding: field.utf8[..<end].map(lowercased), as: UTF8.self) {
        case "basic":
            let credentials = try Authorization.basic(rest)
            scheme = .basic
            clientID = String(decoding: credentials.id, as: UTF8.self)
            secret = Secret(credentials.secret)
        case "bearer":
            guard !rest.isEmpty, !rest.contains(UInt8(ascii: " ")) else { throw .bearerMalformed }
            scheme = .bearer
            clientID = nil
            secret = Secret(rest)
        default: throw .schemeUnknown
        }
    }

    private static func basic(_ text: Substring.UTF8View) throws(Flaw) -> BasicCredentials {
        do throws(BasicCredentials.Flaw) {
            return try BasicCredentials(base64: text)
        } catch {
            switch error {
            case .notBase64: throw .basicNotBase64
            case .noColon: throw .basicWithoutColon
            }
        }
    }
}

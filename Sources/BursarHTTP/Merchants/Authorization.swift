// The Authorization header: Basic or Bearer.
internal import BursarCore

/// What a caller authenticated with: a 401 answers in kind.
enum AuthenticationScheme { case basic, bearer, form }

struct Authorization {
    enum Flaw: Error, Equatable { case schemeUnknown, basicNotBase64, basicWithoutColon, bearerMalformed }

    let scheme: AuthenticationScheme
    /// Nil for Bearer, which names no id.
    let clientID: PresentedText?
    let secret: PresentedText

    init(field: String) throws(Flaw) {
        let read: Result<Authorization, Flaw> = field.withBytes { text in
            do throws(Flaw) {
                return .success(try Authorization(text))
            } catch {
                return .failure(error)
            }
        }
        self = try read.get()
    }

    private init(_ text: UnsafeRawBufferPointer) throws(Flaw) {
        let space = UInt8(ascii: " ")
        let end = place(of: space, in: text) ?? text.count
        let name = UnsafeRawBufferPointer(rebasing: text[..<end])
        let rest = UnsafeRawBufferPointer(rebasing: text[end...].drop { $0 == space })
        if isWord(name, "basic") {
            let credentials = try Authorization.basic(rest)
            scheme = .basic
            clientID = credentials.id
            secret = credentials.secret
        } else if isWord(name, "bearer") {
            guard !rest.isEmpty, place(of: space, in: rest) == nil else { throw .bearerMalformed }
            scheme = .bearer
            clientID = nil
            secret = PresentedText(rest)
        } else {
            throw .schemeUnknown
        }
    }

    private static func basic(_ text: UnsafeRawBufferPointer) throws(Flaw) -> BasicCredentials {
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

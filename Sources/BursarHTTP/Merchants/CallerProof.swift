// Who says they are asking, from wherever a request says it.
internal import BursarCore
internal import BursarGateway

/// The client's id and secret by Basic, by Bearer or in the form: one secret, and one id.
struct CallerProof {
    let proof: ClientProof
    let scheme: AuthenticationScheme

    init(_ http: HTTPRequest, form: FormMembers) throws(RequestFault) {
        guard !http.fields.repeated.contains(.authorization) else { throw .fieldRepeated("Authorization") }
        let formID = form.bytes("client_id").map { PresentedText($0) }
        let formSecret = form.bytes("client_secret").map { PresentedText($0) }
        guard let field = http.fields.authorization else {
            guard let formSecret else { throw .authenticationMissing }
            guard let formID else { throw .clientIDMissing }
            proof = ClientProof(clientID: formID, secret: formSecret)
            scheme = .form
            return
        }
        let authorization = try CallerProof.read(field)
        guard formSecret == nil else { throw .secretTwice }
        // MSAL sends its id in the form beside Basic; RFC 6749 §3.2.1 allows it.
        if let id = authorization.clientID, let formID, id != formID { throw .clientIDMismatch }
        proof = ClientProof(clientID: authorization.clientID ?? formID, secret: authorization.secret)
        scheme = authorization.scheme
    }

    private static func read(_ field: String) throws(RequestFault) -> Authorization {
        do throws(Authorization.Flaw) {
            return try Authorization(field: field)
        } catch {
            throw .authorizationUnreadable(error)
        }
    }
}

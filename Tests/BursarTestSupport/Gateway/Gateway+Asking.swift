// What callers of a gateway have in tests: secrets as text, and one call that answers at once or later.
package import BursarCore
package import BursarGateway

extension Gateway {
    /// `respond` is called once, for a hit before this returns.
    @discardableResult
    package func token(_ request: TokenRequest, respond: @escaping Respond<ServedToken>) -> WaitingRequest? {
        switch token(request) {
        case .answered(let answer):
            respond(answer)
            return nil
        case .later(let pending): return answer(pending, respond: respond)
        }
    }
}

extension ClientProof {
    package init(clientID: String?, secret: Secret) {
        self.init(
            clientID: clientID.map { PresentedText($0.utf8) }, secret: secret.withBytes { PresentedText($0) })
    }
}

extension ClientSecretFormat {
    package static func isWellFormed(_ bytes: some Collection<UInt8>) -> Bool {
        Array(bytes).withUnsafeBytes { isWellFormed($0) }
    }
}

extension ClientSecretHash {
    package init?(_ bytes: some Collection<UInt8>) {
        guard let hash = Array(bytes).withUnsafeBytes({ ClientSecretHash($0) }) else { return nil }
        self = hash
    }
}

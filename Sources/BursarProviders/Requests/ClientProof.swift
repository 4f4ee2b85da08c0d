// How a request says whose it is: in the body, or in one of the two ways of HTTP Basic.
import BursarCore
private import Foundation

/// Members and header that prove the client, for one style of authentication.
struct ClientProof {
    var members: [RequestMember] = []
    var authorization: String?

    init(
        _ style: ClientAuthentication, id: String, secret: Secret, fields: [TokenField: String?]
    ) throws(ExchangeFailure) {
        switch style {
        case .body:
            if let name = fields.name(of: .clientID) { members.append(RequestMember(name, id)) }
            if let name = fields.name(of: .clientSecret) {
                members.append(RequestMember(name, secret.reveal()))
            }
        case .basicRaw:
            // RFC 7617 §2: the first colon ends the id. An id with a colon would be read as another id and
            // the provider would refuse it, each time, so it is refused here in the provider's stead.
            guard !id.utf8.contains(UInt8(ascii: ":")) else { throw ExchangeFailure(.invalidClient) }
            authorization = ClientProof.basic(Array(id.utf8), secret.reveal())
        case .basicForm:
            authorization = ClientProof.basic(
                FormEncoding.encode(Array(id.utf8)), FormEncoding.encode(secret.reveal()))
        case .none: break
        case .bearer:
            // A token or refresh endpoint cannot be asked with the token it is asked for; the schema refuses
            // it.
            throw ExchangeFailure(.profileIncomplete)
        }
    }

    private static func basic(_ id: [UInt8], _ secret: [UInt8]) -> String {
        "Basic " + Data(id + [UInt8(ascii: ":")] + secret).base64EncodedString()
    }
}

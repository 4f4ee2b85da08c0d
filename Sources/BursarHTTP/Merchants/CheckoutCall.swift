// What `POST /v1/checkout-auth/init` asks for (PROVIDERS A1, A4).
internal import BursarCore
internal import BursarGateway
internal import NIOCore

struct CheckoutCall {
    let call: TokenCall
    let members: [String: String]

    /// Members that say which connection is meant; the others are the merchant's statement.
    private static let parameters = ["provider", "environment", "origin"]

    init(_ http: HTTPRequest) throws(RequestFault) {
        try TokenCall.check(http, is: MediaType.json)
        var members = try CheckoutCall.read(http.body)
        for (name, value) in members { try CheckoutCall.check(name, value) }
        // An empty member is as good as none: an empty subject states nothing.
        members = members.filter { !$0.value.isEmpty }
        let named = members.filter { CheckoutCall.parameters.contains($0.key) }
        call = try TokenCall(http, area: .api, form: FormMembers(), named: named)
        self.members = members.filter { !CheckoutCall.parameters.contains($0.key) }
    }

    private static func read(_ body: ByteBuffer) throws(RequestFault) -> [String: String] {
        do throws(JSONMembers.Flaw) {
            return try JSONMembers(body.readableBytesView).members
        } catch {
            throw .json(error)
        }
    }

    private static func check(_ name: String, _ value: String) throws(RequestFault) {
        guard value.unicodeScalars.count <= ScopedRequest.memberLimit else { throw .memberTooLong(name) }
        let isPrintable = value.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value)
        }
        guard isPrintable else { throw .memberUnprintable(name) }
    }
}

// Reads the call for a token that is good for one customer and one invoice.

extension ReceivedRequest {
    func scopedAsk() throws(Refusal) -> Ask {
        guard let bearer = try ClaimedIdentity.bearer(authorizations) else {
            throw Refusal(.noToken, "no Authorization header")
        }
        try requireMediaType("application/json")
        guard case .object(let object) = try? JSONParser.parse(body) else {
            throw Refusal(.invalidRequest, "the body is not a JSON object")
        }
        guard case .string(let customer) = object["customer_id"], !customer.isEmpty,
            case .string(let invoice) = object["invoice_id"], !invoice.isEmpty
        else {
            throw Refusal(.invalidRequest, "customer_id or invoice_id is missing, empty or not a string")
        }
        guard object.members.count == 2 else {
            throw Refusal(.invalidRequest, "a member other than customer_id and invoice_id")
        }
        return .scoped(bearer: bearer, customer: customer, invoice: invoice)
    }
}

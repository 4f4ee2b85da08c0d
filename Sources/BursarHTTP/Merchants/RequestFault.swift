// What a merchant's request can have wrong before the gateway is asked.

/// A closed set; `RequestFault+Answer.swift` says what each is answered with.
enum RequestFault: Error, Equatable {
    // The path
    case pathUnknown
    case methodNotAllowed([HTTPMethod])
    // Who asks
    case authenticationMissing
    case authorizationUnreadable(Authorization.Flaw)
    case secretTwice
    case clientIDMissing
    case clientIDMismatch
    case secretInQuery(String)
    // The form of it
    case fieldRepeated(String)
    case mediaType(String)
    case encoded
    case form(FormMembers.Flaw)
    case query(FormMembers.Flaw)
    case json(JSONMembers.Flaw)
    // What is asked
    case contradiction(String)
    case tenantMalformed
    case providerMalformed
    case environmentUnknown
    case numberMalformed(String)
    case grantTypeMissing
    case grantTypeUnsupported
    case tokenMissing
    case memberTooLong(String)
    case memberUnprintable(String)
}

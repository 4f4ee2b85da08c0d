// Zertiban: raw HTTP Basic, a body of grant_type alone, five minutes, errors in Spanish.

extension ProviderRules {
    /// Document: path, raw Basic and never in the body, the body's only member, 300 s, x-tenant-id.
    /// Assumption: an empty scope is as good as none, any other member is `invalid_request`, and the words.
    static let zertiban = ProviderRules(
        tokenPath: "/idp/oauth2/token",
        authentication: .basicRaw(realm: "zertiban"),
        otherMembers: .refused,
        takesScope: false,
        lifetimes: Lifetimes(accessSeconds: 300),
        wantsTenant: true,
        words: spanishWords)
}

/// Letters outside ASCII on purpose: whoever copies this text into a header or an ASCII field fails a test.
@Sendable private func spanishWords(_ code: Refusal.Code) -> String {
    let words =
        switch code {
        case .invalidRequest: "La petición está mal formada"
        case .invalidClient: "Autenticación fallida: credenciales no válidas, ¿caducó la contraseña?"
        case .unsupportedGrantType: "Tipo de concesión no admitido"
        case .invalidScope: "Ámbito no válido"
        case .invalidGrant: "Concesión no válida o caducada"
        case .noToken: "Falta el token de sesión"
        case .invalidToken: "El token no es válido o expiró"
        case .invalidTenant: "Falta el identificador del negocio o no es un UUID"
        case .tooLarge: "El cuerpo de la petición es demasiado grande"
        }
    return "\(words) · señal \(echoMarker)"
}

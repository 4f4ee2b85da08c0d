// What to write into a file of one's own where a built-in profile lacks what the provider's document does not
// say.
package import BursarCore

extension ProfileCatalogue {
    /// The text of `BURSAR_PROVIDERS_DIR/<id>.yaml` that fills `gap`, and with it every other hole that
    /// stands in the way in `environment`. What has to be asked for stands in angle brackets, which no URL
    /// may hold: a snippet pasted unfilled is refused with its line.
    package func snippet(for gap: ProfileGap, id: ProviderID, environment: ProviderEnvironment) -> String {
        let profile = profile(id)
        var lines = ["# \(id).yaml, in the directory that BURSAR_PROVIDERS_DIR names", "id: \(id)"]
        let base = profile?.environments[environment] ?? nil
        let wantsBase =
            switch gap {
            case .environmentUnknown, .baseURLMissing: true
            case .pathMissing: base == nil
            }
        if wantsBase {
            lines += [
                "environments:", "  \(environment):",
                "    base_url: \"https://<\(environment) host>\"",
            ]
        }
        if let profile {
            if profile.token.path == nil { lines += ["token:", "  path: \"/<path of the token endpoint>\""] }
            if let refresh = profile.refresh, refresh.path == nil {
                lines += ["refresh:", "  path: \"/<path of the refresh endpoint>\""]
            }
            if let scoped = profile.scoped, scoped.path == nil {
                lines += ["scoped:", "  path: \"/<path of the scoped step>\""]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

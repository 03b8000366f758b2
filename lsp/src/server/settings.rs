//! What the user can choose, as `initializationOptions` or in the section `mgmt` of the client's settings.

use serde_json::Value;

use crate::analysis::inlay::Wanted;

/// What the user has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which hints are shown: `inlayHints.types`, `inlayHints.parameterTypes`, `inlayHints.parameterNames`.
    pub inlay: Wanted,
}

impl Settings {
    /// Takes over what is said; what is not said stays as it is.
    pub fn read(&mut self, said: &Value) {
        let said = said.get("mgmt").unwrap_or(said);
        let hints = said.get("inlayHints");
        let choose = |name: &str, choice: &mut bool| {
            if let Some(wanted) = hints.and_then(|hints| hints.get(name)?.as_bool()) {
                *choice = wanted;
            }
        };
        choose("types", &mut self.inlay.binds);
        choose("parameterTypes", &mut self.inlay.params);
        choose("parameterNames", &mut self.inlay.arguments);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_said_stays() {
        let mut settings = Settings::default();
        settings.read(&json!({ "mgmt": { "inlayHints": { "types": false } } }));
        settings.read(&json!({ "inlayHints": { "parameterNames": false, "types": "yes" } }));
        settings.read(&json!(null));
        let expected = Wanted {
            binds: false,
            params: true,
            arguments: false,
        };
        assert_eq!(settings.inlay, expected);
    }
}

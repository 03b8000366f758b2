//! What has to be done so that a unit starts at boot, or does not (resources-host.md §4.5.1).

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Startup {
    /// Nothing.
    Fine,
    /// Enable it.
    Enable,
    /// It stays `indirect` even if it is enabled; only by enabling it is it known whether it was.
    EnableAgain,
    /// Disable it, both for good and until the next boot.
    Disable,
}

impl Startup {
    /// Whether nothing has to be done or, if nothing may be changed, nothing that is known.
    pub(super) fn is_fine(self, apply: bool) -> bool {
        match self {
            Self::Fine => true,
            Self::EnableAgain => !apply,
            Self::Enable | Self::Disable => false,
        }
    }
}

/// What has to be done with a unit whose file systemd says to be in this state.
///
/// # Errors
/// Why it can not be enabled.
pub(super) fn startup(state: &str, enable: bool) -> Result<Startup, &'static str> {
    Ok(match (state, enable) {
        ("enabled", true) => Startup::Fine,
        ("enabled" | "enabled-runtime", false) => Startup::Disable,
        (_, false) => Startup::Fine,
        ("indirect", true) => Startup::EnableAgain,
        ("masked" | "masked-runtime", true) => {
            return Err("it is masked; `systemctl unmask` undoes that");
        }
        ("static", true) => {
            return Err("its file has no `[Install]` section; it is started by other units");
        }
        ("generated" | "transient", true) => {
            return Err("it has no file of its own, but was made at run time");
        }
        (_, true) => Startup::Enable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_a_unit_file_has_an_answer() {
        let disable = Ok(Startup::Disable);
        let table = [
            ("enabled", Ok(Startup::Fine), disable),
            ("enabled-runtime", Ok(Startup::Enable), disable),
            ("linked", Ok(Startup::Enable), Ok(Startup::Fine)),
            ("linked-runtime", Ok(Startup::Enable), Ok(Startup::Fine)),
            ("disabled", Ok(Startup::Enable), Ok(Startup::Fine)),
            ("indirect", Ok(Startup::EnableAgain), Ok(Startup::Fine)),
            ("", Ok(Startup::Enable), Ok(Startup::Fine)),
        ];
        for (state, enable, disable) in table {
            assert_eq!(startup(state, true), enable, "{state}");
            assert_eq!(startup(state, false), disable, "{state}");
        }
        for state in [
            "static",
            "generated",
            "transient",
            "masked",
            "masked-runtime",
        ] {
            assert!(startup(state, true).is_err(), "{state}");
            assert_eq!(startup(state, false), Ok(Startup::Fine), "{state}");
        }
    }

    #[test]
    fn what_can_not_be_known_is_no_change_without_trying() {
        assert!(Startup::EnableAgain.is_fine(false));
        assert!(!Startup::EnableAgain.is_fine(true));
    }
}

//! `password`: makes up a password and keeps it (resources-host.md §16).

use crate::resource::{Invalid, Meta, Params, Validate};

/// Makes up a random password of ASCII letters, keeps it on this machine, and sends it.
///
/// A notification makes up a new one.
///
/// ```mcl
/// password "database" {
///     length => 32,
///     saved => true,
/// }
/// file "/etc/app/secret" {
///     state => "exists",
///     mode => "u=r,go=",
/// }
/// Password["database"].password -> File["/etc/app/secret"].content
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "password", refreshable, sends(
    /// The password; undefined if it is not known, because it was not saved before the agent was
    /// restarted.
    password: Option<String>,
))]
pub struct Password {
    /// How many letters it has.
    pub length: u16,
    /// Keep the password itself on disk, for root only.
    ///
    /// Otherwise only the fact that there is one is kept, and after a restart of the agent it can not
    /// be sent any more.
    pub saved: bool,
    /// Make up a new one if the kept one does not fit the parameters, instead of failing.
    pub check_recovery: bool,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            length: 64,
            saved: false,
            check_recovery: false,
        }
    }
}

impl Validate for Password {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if self.length == 0 {
            return Err(Invalid::param("length", "must be at least one letter"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::HostType;
    use crate::resource::Declare;

    #[test]
    fn has_64_letters_unless_told() {
        let def = Password::declare();
        let password = Password::default();
        assert_eq!(password.get("length"), Some(64.into()));
        assert_eq!(password.validate_all("p", &Meta::default()), Ok(()));
        assert_eq!(
            def.send("password").unwrap().ty,
            HostType::Optional(Box::new(HostType::Str))
        );
    }

    #[test]
    fn an_empty_password_is_refused() {
        let password = Password {
            length: 0,
            ..Password::default()
        };
        assert_eq!(
            password
                .validate_all("p", &Meta::default())
                .unwrap_err()
                .param,
            Some("length")
        );
    }
}

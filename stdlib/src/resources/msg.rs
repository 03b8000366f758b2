//! `msg`: writes to the log and to the journal (resources-host.md §18).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::resource::{Invalid, Meta, Params, Validate};
use crate::value::Str;

/// The longest field name that the journal keeps.
const LONGEST_FIELD_NAME: usize = 64;

/// Writes a message to the log and, if asked for, to the systemd journal: once per start of the agent and
/// once per notification.
///
/// ```mcl
/// msg "deployed" {
///     body => "release 1.2 is live",
///     priority => "Notice",
///     journal => true,
///     fields => {"RELEASE" => "1.2"},
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "msg", refreshable, receives)]
pub struct Msg {
    /// The text.
    pub body: Str,
    /// How urgent it is: `Emerg`, `Alert`, `Crit`, `Err`, `Warning`, `Notice`, `Info` or `Debug`; `Info`
    /// if it is left out.
    pub priority: String,
    /// Further fields of the journal entry; names become upper case.
    pub fields: BTreeMap<String, Str>,
    /// Also write to the systemd journal.
    pub journal: bool,
    /// Accepted for old programs; does nothing.
    pub syslog: bool,
}

/// How urgent a message is, as syslog and the journal number it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Priority {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Priority {
    /// All, the most urgent first.
    pub const ALL: [Self; 8] = [
        Self::Emerg,
        Self::Alert,
        Self::Crit,
        Self::Err,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    /// 0 is the most urgent.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The exact spelling, or an empty text for `Info`.
impl FromStr for Priority {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.is_empty() {
            return Ok(Self::Info);
        }
        Self::ALL
            .into_iter()
            .find(|priority| priority.to_string() == text)
            .ok_or(())
    }
}

impl Validate for Msg {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.priority.parse::<Priority>().is_err() {
            let all = Priority::ALL
                .map(|priority| format!("`{priority}`"))
                .join(", ");
            let invalid = Invalid::param(
                "priority",
                format!("must be one of {all}, not `{}`", self.priority),
            );
            let meant = Priority::ALL
                .into_iter()
                .find(|priority| priority.to_string().eq_ignore_ascii_case(&self.priority));
            return Err(match meant {
                Some(meant) => invalid.help(format!("write `{meant}`")),
                None => invalid,
            });
        }
        for name in self.fields.keys() {
            if name.starts_with('_') {
                return Err(wrong_field(name, "begins with an underscore"));
            }
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let why = "has other characters than letters, digits and underscores";
                return Err(wrong_field(name, why));
            }
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let mut seen = BTreeSet::new();
        for name in self.fields.keys() {
            let why = if name.is_empty() {
                "is empty"
            } else if name.len() > LONGEST_FIELD_NAME {
                "is longer than 64 characters"
            } else if name.starts_with(|c: char| c.is_ascii_digit()) {
                "begins with a digit"
            } else if !seen.insert(name.to_ascii_uppercase()) {
                "occurs twice, since names become upper case"
            } else {
                continue;
            };
            return Err(wrong_field(name, why));
        }
        Ok(())
    }
}

fn wrong_field(name: &str, why: &str) -> Invalid {
    Invalid::param(
        "fields",
        format!("has a name that the journal does not take: `{name}` {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_field(name: &str) -> Msg {
        Msg {
            fields: BTreeMap::from([(name.to_owned(), Str::from("x"))]),
            ..Msg::default()
        }
    }

    #[test]
    fn an_omitted_priority_is_info() {
        assert_eq!(Msg::default().validate_all("m", &Meta::default()), Ok(()));
        assert_eq!("".parse(), Ok(Priority::Info));
        assert_eq!("Err".parse::<Priority>().map(Priority::number), Ok(3));
    }

    #[test]
    fn priorities_are_spelled_exactly() {
        let msg = Msg {
            priority: "warning".to_owned(),
            ..Msg::default()
        };
        let invalid = msg.validate_all("m", &Meta::default()).unwrap_err();
        assert_eq!(invalid.param, Some("priority"));
        assert_eq!(invalid.help.as_deref(), Some("write `Warning`"));
    }

    #[test]
    fn field_names_are_the_journals() {
        assert_eq!(
            with_field("Release_2").validate_all("m", &Meta::default()),
            Ok(())
        );
        for name in ["", "_X", "1X", "A-B", "é", &"A".repeat(65)] {
            assert!(
                with_field(name)
                    .validate_all("m", &Meta::default())
                    .is_err(),
                "{name}"
            );
        }
        let mut twice = with_field("a");
        twice.fields.insert("A".to_owned(), Str::from("y"));
        assert!(twice.validate_all("m", &Meta::default()).is_err());
    }

    #[test]
    fn the_outputs_are_compared() {
        let journal = Msg {
            journal: true,
            ..Msg::default()
        };
        assert_eq!(
            journal.differs(&Msg::default()).as_deref(),
            Some("the Journal differs")
        );
    }
}

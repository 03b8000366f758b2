//! File modes as users write them: octal (`0644`) or symbolic (`u=rw,go=r`)
//! (resources-host.md §1.10).

use std::fmt;

/// All bits that a mode can have: permissions, set-uid, set-gid and sticky.
pub const MODE_BITS: u32 = 0o7777;

/// A parsed mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The whole mode.
    Octal(u32),
    /// Changes to the present mode; at least one.
    Symbolic(Vec<Clause>),
}

/// One `<who>=<what>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The bits that it replaces.
    clears: u32,
    /// The bits that it sets.
    sets: u32,
}

/// Why a text is not a mode; reads on after the parameter's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// A clause without or with too many `=`.
    #[error("is neither octal, like `0644`, nor symbolic, like `u=rw,go=r`: `{0}`")]
    NotAMode(String),
    /// `+` or `-`.
    #[error("changes bits with `{0}`, which has no end state: write `=` with all wanted bits")]
    Imperative(char),
    /// A letter before `=` that is no subject.
    #[error("names the unknown subject `{0}`: use `u`, `g`, `o` or `a`")]
    UnknownSubject(char),
    /// A letter after `=` that is no permission.
    #[error("names the unknown permission `{0}`: use `r`, `w`, `x`, `s` or `t`")]
    UnknownPermission(char),
    /// A subject that occurs twice.
    #[error("names the subject `{0}` twice")]
    RepeatedSubject(char),
    /// `a=` or `=` next to another clause.
    #[error("names all subjects in one of several clauses: `{0}`")]
    AllWithOthers(String),
}

/// Who is meant, with the bits of `rwx` and the special bit that belong to them.
const SUBJECTS: [(char, u32, u32); 3] =
    [('u', 0o700, 0o4000), ('g', 0o070, 0o2000), ('o', 0o007, 0)];

impl Mode {
    /// Reads a mode.
    ///
    /// # Errors
    /// If it is neither octal nor symbolic.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        // `from_str_radix` would take a sign.
        if text.starts_with(|c: char| c.is_ascii_digit())
            && let Ok(mode) = u32::from_str_radix(text, 8)
        {
            return Ok(Self::Octal(mode & MODE_BITS));
        }
        let mut seen = String::new();
        let clauses: Vec<&str> = text.split(',').collect();
        clauses
            .iter()
            .map(|clause| Clause::parse(clause, text, clauses.len() == 1, &mut seen))
            .collect::<Result<_, _>>()
            .map(Self::Symbolic)
    }

    /// The mode that a file with the mode `current` shall have; `current` is 0 if there is no file.
    pub fn resolve(&self, current: u32) -> u32 {
        match self {
            Self::Octal(mode) => *mode,
            Self::Symbolic(clauses) => clauses.iter().fold(current & MODE_BITS, |mode, clause| {
                (mode & !clause.clears) | clause.sets
            }),
        }
    }
}

impl Clause {
    fn parse(clause: &str, whole: &str, only: bool, seen: &mut String) -> Result<Self, ModeError> {
        if let Some(operator) = clause.chars().find(|c| matches!(c, '+' | '-')) {
            return Err(ModeError::Imperative(operator));
        }
        let not_a_mode = || ModeError::NotAMode(whole.to_owned());
        let (who, what) = clause.split_once('=').ok_or_else(not_a_mode)?;
        if what.contains('=') {
            return Err(not_a_mode());
        }
        let who = match who {
            "" | "a" if only => "ugo",
            "" | "a" => return Err(ModeError::AllWithOthers(whole.to_owned())),
            who => who,
        };
        let mut parsed = Self { clears: 0, sets: 0 };
        for subject in who.chars() {
            let (_, bits, special) = SUBJECTS
                .into_iter()
                .find(|(name, ..)| *name == subject)
                .ok_or(ModeError::UnknownSubject(subject))?;
            if seen.contains(subject) {
                return Err(ModeError::RepeatedSubject(subject));
            }
            seen.push(subject);
            parsed.clears |= bits | special;
            for permission in what.chars() {
                parsed.sets |= match permission {
                    'r' => bits & 0o444,
                    'w' => bits & 0o222,
                    'x' => bits & 0o111,
                    's' => special,
                    't' => 0o1000,
                    other => return Err(ModeError::UnknownPermission(other)),
                };
            }
        }
        Ok(parsed)
    }
}

/// Prints a mode as it is logged: `0644`.
#[derive(Clone, Copy, Debug)]
pub struct Octal(pub u32);

impl fmt::Display for Octal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resolve(text: &str, current: u32) -> u32 {
        Mode::parse(text).unwrap().resolve(current)
    }

    #[test]
    fn octal_modes_replace_everything() {
        assert_eq!(resolve("644", 0o7777), 0o644);
        assert_eq!(resolve("0644", 0), 0o644);
        assert_eq!(resolve("2755", 0), 0o2755);
        assert!(Mode::parse("0o644").is_err());
        assert!(Mode::parse("+644").is_err());
        assert!(Mode::parse("888").is_err());
        assert!(Mode::parse("").is_err());
    }

    #[test]
    fn symbolic_modes_keep_who_is_not_named() {
        assert_eq!(resolve("u=rw,go=r", 0), 0o644);
        assert_eq!(resolve("u=rwx", 0o077), 0o777);
        assert_eq!(resolve("o=", 0o777), 0o770);
        assert_eq!(resolve("a=rx", 0o7222), 0o1555);
        assert_eq!(resolve("=r", 0o777), 0o444);
        assert_eq!(resolve("u=rwxs,g=xs,o=x", 0), 0o6711);
        assert_eq!(resolve("o=s", 0o777), 0o770);
        assert_eq!(resolve("u=rwx,go=rxt", 0), 0o1755);
        assert_eq!(resolve("u=rwx", 0o4755), 0o755);
    }

    #[test]
    fn the_sticky_bit_is_never_cleared() {
        assert_eq!(resolve("a=r", 0o1777), 0o1444);
    }

    #[test]
    fn mistakes_are_told_apart() {
        let error = |text| Mode::parse(text).unwrap_err();
        assert_eq!(error("u+x"), ModeError::Imperative('+'));
        assert_eq!(error("z=r"), ModeError::UnknownSubject('z'));
        assert_eq!(error("u=q"), ModeError::UnknownPermission('q'));
        assert_eq!(error("uu=r"), ModeError::RepeatedSubject('u'));
        assert_eq!(error("u=r,gu=r"), ModeError::RepeatedSubject('u'));
        assert_eq!(
            error("a=r,u=w"),
            ModeError::AllWithOthers("a=r,u=w".to_owned())
        );
        assert_eq!(error("u=r=w"), ModeError::NotAMode("u=r=w".to_owned()));
        assert_eq!(error("rw-r--r--"), ModeError::Imperative('-'));
    }

    proptest! {
        #[test]
        fn resolving_twice_changes_nothing(
            u in "[rwxst]{0,3}", g in "[rwxst]{0,3}", o in "[rwxst]{0,3}", current in 0u32..0o10000,
        ) {
            let mode = Mode::parse(&format!("u={u},g={g},o={o}")).unwrap();
            let once = mode.resolve(current);
            prop_assert_eq!(mode.resolve(once), once);
        }

        #[test]
        fn every_octal_mode_is_itself(mode in 0u32..0o10000) {
            prop_assert_eq!(resolve(&format!("{mode:04o}"), 0), mode);
        }
    }
}

//! What a resource looks at and what it changes, as far as that is known before it runs.

/// A part of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// These paths; one with a trailing slash stands for all below it, too.
    Paths(Vec<String>),
    /// Nobody can tell, as with commands.
    Anything,
}

impl Scope {
    /// Nothing that another resource would look at or change.
    pub const NOTHING: Self = Self::Paths(Vec::new());
}

/// What a check looks at, and what a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What the outcome of a check depends on.
    pub reads: Scope,
    /// What is other than before when the resource has been changed.
    pub writes: Scope,
}

impl Reach {
    /// The check looks at what would be changed, and at nothing else.
    pub fn own(paths: Vec<String>) -> Self {
        Self {
            reads: Scope::Paths(paths.clone()),
            writes: Scope::Paths(paths),
        }
    }

    /// Whether this one may be found otherwise after a change of the other one.
    pub(crate) fn depends_on(&self, other: &Self) -> bool {
        match (&self.reads, &other.writes) {
            (Scope::Anything, _) => true,
            (Scope::Paths(reads), Scope::Anything) => !reads.is_empty(),
            (Scope::Paths(reads), Scope::Paths(writes)) => reads
                .iter()
                .any(|read| writes.iter().any(|written| meet(read, written))),
        }
    }
}

/// Whether two paths are the same, or one is a tree that the other is in.
fn meet(a: &str, b: &str) -> bool {
    let holds = |tree: &str, path: &str| tree.ends_with('/') && path.starts_with(tree);
    a.trim_end_matches('/') == b.trim_end_matches('/') || holds(a, b) || holds(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(paths: &[&str]) -> Scope {
        Scope::Paths(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[test]
    fn paths_meet_where_one_is_in_the_other() {
        let depends = |reads: &[&str], writes: Scope| {
            let reader = Reach {
                reads: paths(reads),
                writes: Scope::NOTHING,
            };
            let writer = Reach {
                reads: Scope::NOTHING,
                writes,
            };
            reader.depends_on(&writer)
        };
        assert!(depends(&["/a"], paths(&["/a"])));
        assert!(depends(&["/a/"], paths(&["/a"])));
        assert!(depends(&["/a/"], paths(&["/a/b"])));
        assert!(depends(&["/a/b"], paths(&["/x", "/a/"])));
        assert!(depends(&["/a"], Scope::Anything));
        assert!(!depends(&[], Scope::Anything));
        assert!(!depends(&["/a/b"], paths(&["/a"])));
        assert!(!depends(&["/ab"], paths(&["/a"])));
    }

    #[test]
    fn whoever_looks_at_anything_depends_on_everybody() {
        let curious = Reach {
            reads: Scope::Anything,
            writes: Scope::NOTHING,
        };
        assert!(curious.depends_on(&Reach::own(Vec::new())));
    }
}

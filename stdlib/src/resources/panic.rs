//! `_panic`: stands for a program that has called `panic` (resources-host.md §24).

use crate::resource::{Invalid, Params, Validate};

/// Takes the place of all other resources while the program panics.
///
/// It does nothing; its presence tells that the program has called `panic`. Programs can not declare it,
/// since kinds that begin with an underscore are the compiler's.
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "_panic")]
pub struct Panic {}

impl Validate for Panic {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

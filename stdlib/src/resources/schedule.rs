//! `schedule`: a vote in an election among the hosts (resources-host.md §25).

use crate::resource::check::{not_negative, one_of_or_empty};
use crate::resource::{Invalid, Meta, Params, Validate};

/// Puts this host up for an election among the hosts of the cluster; `world.schedule` tells who is elected.
///
/// The name is the namespace of the election, unless `namespace` is given.
///
/// ```mcl
/// schedule "web" {
///     strategy => "rr",
///     max => 2,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "schedule")]
pub struct Schedule {
    /// What is elected for; the name of the resource if it is left out.
    pub namespace: String,
    /// How hosts are chosen: `rr` for one after the other, `alpha` for the first by name; `rr` if it is left
    /// out.
    pub strategy: Option<String>,
    /// How many hosts are elected; 1 if it is left out or 0.
    pub max: Option<i64>,
    /// Keep the vote when this host goes away.
    pub persist: bool,
    /// Seconds until the vote of a host that has vanished is void; 10 if it is left out or 0.
    pub ttl: Option<i64>,
    /// Take the vote of this host back.
    pub withdraw: bool,
}

impl Schedule {
    /// The namespace in effect.
    pub fn namespace<'a>(&'a self, name: &'a str) -> &'a str {
        if self.namespace.is_empty() {
            name
        } else {
            &self.namespace
        }
    }
}

impl Validate for Schedule {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let namespace = self.namespace(name);
        if namespace.is_empty() {
            return Err(Invalid::param("namespace", "must not be empty"));
        }
        one_of_or_empty(
            "strategy",
            self.strategy.as_deref().unwrap_or_default(),
            &["rr", "alpha"],
        )?;
        if self.persist && self.ttl.is_some_and(|ttl| ttl > 0) {
            return Err(Invalid::param(
                "ttl",
                "can not be given together with `persist`, since such a vote does not expire",
            ));
        }
        let given = [
            ("strategy", self.strategy.is_some()),
            ("max", self.max.is_some()),
            ("persist", self.persist),
            ("ttl", self.ttl.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((param, _)) if self.withdraw => Err(Invalid::param(
                param,
                "can not be given together with `withdraw`: no vote is left to have it",
            )),
            _ => Ok(()),
        }
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let namespace = self.namespace(name);
        if namespace.contains('/') {
            return Err(Invalid::param(
                "namespace",
                format!("must be a word without slashes, not `{namespace}`"),
            ));
        }
        not_negative("max", self.max.unwrap_or(0))?;
        not_negative("ttl", self.ttl.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(schedule: &Schedule) -> Option<&'static str> {
        schedule
            .validate_all("a", &Meta::default())
            .expect_err("is refused")
            .param
    }

    #[test]
    fn votes_expire_or_stay_or_go() {
        let mut schedule = Schedule {
            persist: true,
            ttl: Some(0),
            ..Schedule::default()
        };
        assert_eq!(schedule.validate_all("a", &Meta::default()), Ok(()));
        schedule.ttl = Some(5);
        assert_eq!(refused(&schedule), Some("ttl"));
        schedule.ttl = Some(-5);
        assert_eq!(refused(&schedule), Some("ttl"));
        let withdrawn = Schedule {
            withdraw: true,
            max: Some(1),
            ..Schedule::default()
        };
        assert_eq!(refused(&withdrawn), Some("max"));
    }

    #[test]
    fn strategies_and_namespaces_are_words() {
        let strategy = |word: &str| Schedule {
            strategy: Some(word.to_owned()),
            ..Schedule::default()
        };
        assert_eq!(strategy("").validate_all("a", &Meta::default()), Ok(()));
        assert_eq!(
            strategy("alpha").validate_all("a", &Meta::default()),
            Ok(())
        );
        assert_eq!(refused(&strategy("random")), Some("strategy"));
        assert!(
            Schedule::default()
                .validate_all("a/b", &Meta::default())
                .is_err()
        );
    }
}

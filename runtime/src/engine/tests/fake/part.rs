//! Kinds for tests whose resources run as parts of fakes, and as parts of these (engine.md 1.12.5).

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_stdlib::resource::{
    Declare, Inside, Invalid, Params, ResourceDef, SetError, Traits, Validate,
};
use mgmt_stdlib::value::Value;

use super::{FakeParams, What, World};
use crate::resource::{CheckContext, CheckMember, Outcome, Resource, ResourceError};

/// The parameters of a `fake:part`, or of a `fake:part:piece` of one.
#[derive(Clone, Debug)]
pub(crate) struct PartParams<const PIECE: bool> {
    fake: FakeParams,
    /// Whose part it is; anybody's if it is empty.
    owner: String,
}

impl<const PIECE: bool> PartParams<PIECE> {
    const KIND: &'static str = if PIECE {
        "fake:part:piece"
    } else {
        "fake:part"
    };

    pub(crate) fn new(world: &Arc<World>, owner: &str, text: &str) -> Self {
        Self {
            fake: FakeParams::new(world, text),
            owner: owner.to_owned(),
        }
    }
}

/// The text of a member, if it is a part or a piece.
pub(super) fn text(member: &CheckMember) -> Option<String> {
    let part = member.params::<PartParams<false>>().map(|it| &it.fake);
    let fake = part.or_else(|| member.params::<PartParams<true>>().map(|it| &it.fake));
    Some(fake?.text.clone())
}

impl<const PIECE: bool> Params for PartParams<PIECE> {
    fn kind(&self) -> &'static str {
        Self::KIND
    }
    fn set(&mut self, param: &str, value: &Value) -> Result<(), SetError> {
        self.fake.set(param, value)
    }
    fn get(&self, param: &str) -> Option<Value> {
        match param {
            "owner" => Some(Value::str(self.owner.as_str())),
            _ => self.fake.get(param),
        }
    }
    fn is_zero(&self, param: &str) -> bool {
        match param {
            "owner" => self.owner.is_empty(),
            _ => self.fake.is_zero(param),
        }
    }
    fn differs(&self, other: &dyn Params) -> Option<String> {
        match other.as_any().downcast_ref::<Self>() {
            Some(other) if other.owner == self.owner => self.fake.differs(&other.fake),
            _ => Some("the owner differs".to_owned()),
        }
    }
    fn clone_box(&self) -> Box<dyn Params> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl<const PIECE: bool> Validate for PartParams<PIECE> {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        self.fake.validate(name)
    }
}

impl<const PIECE: bool> Declare for PartParams<PIECE> {
    fn declare() -> ResourceDef {
        ResourceDef {
            kind: Self::KIND,
            traits: Traits {
                groupable: true,
                receives: true,
                ..Traits::default()
            },
            inside: Some(Inside {
                kind: if PIECE { "fake:part" } else { "fake" },
                param: "owner",
            }),
            new: || Box::new(Self::new(&World::new(), "", "")),
            ..FakeParams::declare()
        }
    }
}

/// A part that runs alone, since nobody has it.
#[derive(Debug)]
pub(crate) struct Part<const PIECE: bool> {
    name: String,
}

#[async_trait]
impl<const PIECE: bool> Resource for Part<PIECE> {
    type Params = PartParams<PIECE>;

    fn new(name: &str, _: &Self::Params) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    async fn check_apply(
        &self,
        params: &Self::Params,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let check = What::Check {
            apply: context.apply(),
            refresh: context.refresh(),
            text: params.fake.text.clone(),
            changed: context.has_changed("text"),
        };
        params.fake.world.note(&self.name, check);
        Ok(Outcome::Unchanged)
    }
}

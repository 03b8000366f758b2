//! Calls of methods.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
use zbus::zvariant::{DynamicType, OwnedValue, Type};

use super::{Bus, DbusError, slow};

/// One interface of one object of a service.
#[derive(Clone, Debug)]
pub struct Object {
    /// Where the service is.
    pub bus: Bus,
    /// The name of the service.
    pub service: &'static str,
    /// The path of the object.
    pub path: String,
    /// The interface.
    pub interface: &'static str,
}

impl Object {
    /// Calls a method. `operation` says for errors what is tried, as a verb with its object.
    ///
    /// # Errors
    /// If the bus can not be reached, or what the service says.
    pub async fn call<A, R>(
        &self,
        operation: &str,
        method: &str,
        arguments: &A,
    ) -> Result<R, DbusError>
    where
        A: Serialize + DynamicType + Sync,
        R: DeserializeOwned + Type,
    {
        self.call_on(self.interface, operation, method, arguments)
            .await
    }

    /// Reads a property.
    ///
    /// # Errors
    /// As those of a call; and if the property has another type.
    pub async fn get<R>(&self, property: &str) -> Result<R, DbusError>
    where
        R: TryFrom<OwnedValue>,
        R::Error: Into<zbus::zvariant::Error>,
    {
        let operation = format!("read the property {property} of {}", self.service);
        let arguments = (self.interface, property);
        let properties = "org.freedesktop.DBus.Properties";
        let value: OwnedValue = self
            .call_on(properties, &operation, "Get", &arguments)
            .await?;
        R::try_from(value).map_err(|error| DbusError::Call {
            operation,
            error: zbus::Error::Variant(error.into()),
        })
    }

    async fn call_on<A, R>(
        &self,
        interface: &str,
        operation: &str,
        method: &str,
        arguments: &A,
    ) -> Result<R, DbusError>
    where
        A: Serialize + DynamicType + Sync,
        R: DeserializeOwned + Type,
    {
        let connection = self.bus.connect(&BTreeSet::new()).await?;
        let failed = |error| DbusError::Call {
            operation: operation.to_owned(),
            error,
        };
        let reply = connection.call_method(
            Some(self.service),
            self.path.as_str(),
            Some(interface),
            method,
            arguments,
        );
        let reply = slow::answer(self.service, operation, reply)
            .await
            .map_err(failed)?;
        reply.body().deserialize().map_err(failed)
    }
}

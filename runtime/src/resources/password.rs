//! `password` is woken by changes of the stored file, compares it with the parameters, and stores a new password.
//! It never logs a password, and wipes what it had in memory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mgmt_stdlib::resources::password as declared;
use mgmt_stdlib::value::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::atomic_write::write_private;
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How many bytes of randomness are asked for at once.
const RANDOM: usize = 128;

/// A password that is wiped when it is dropped.
type Secret = Arc<Zeroizing<String>>;

/// See [`declared::Password`].
pub(super) struct Password {
    /// The password that is not saved but was made by this object.
    remembered: Mutex<Option<Secret>>,
}

/// What a check found.
enum Found {
    /// There is nothing to do; the password, if it is known.
    Settled(Option<Secret>),
    /// A password has to be made, or was made.
    Changed(Option<Secret>),
}

#[async_trait]
impl Resource for Password {
    type Params = declared::Password;

    fn new(_name: &str, _params: &declared::Password) -> Self {
        Self {
            remembered: Mutex::new(None),
        }
    }

    async fn watch(
        &self,
        _params: &declared::Password,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let mut watch = context
            .services
            .paths
            .watch(stored(&context.vardir()?), false)
            .await?;
        loop {
            context.event().await?;
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = watch.changed() => changed?,
            }
        }
    }

    async fn check_apply(
        &self,
        params: &declared::Password,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let (path, params) = (stored(&context.vardir()?), params.clone());
        let (apply, refresh) = (context.apply(), context.refresh());
        let remembered = self.remembered().clone();
        let work = move || check(&path, &params, remembered, apply, refresh);
        let (outcome, password) = match context.services.blocking.run(work).await? {
            Found::Settled(password) => (Outcome::Unchanged, password),
            Found::Changed(password) => {
                context.report(|| Change::Step("make a new password".to_owned()));
                if apply {
                    tracing::info!("made a new password");
                    self.remembered().clone_from(&password);
                }
                (Outcome::Changed, password)
            }
        };
        let value = password.map(|password| Value::from(password.as_str()));
        context.send(vec![("password", value)]);
        Ok(outcome)
    }
}

impl Password {
    fn remembered(&self) -> std::sync::MutexGuard<'_, Option<Secret>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn stored(vardir: &Path) -> PathBuf {
    vardir.join("password")
}

fn check(
    path: &Path,
    params: &declared::Password,
    remembered: Option<Secret>,
    apply: bool,
    refresh: bool,
) -> Result<Found, ResourceError> {
    let present = read(path)?;
    let misfit = present
        .as_ref()
        .and_then(|password| misfit(password, params));
    if let Some(reason) = misfit
        && !params.check_recovery
    {
        return Err(ResourceError::message(format!(
            "the stored password {reason}: `check_recovery` permits making a new one"
        )));
    }
    let known = match (&present, params.saved) {
        (Some(_), false) => remembered,
        (present, _) => present.clone().filter(|_| misfit.is_none()),
    };
    if present.is_some() && misfit.is_none() && !refresh {
        return Ok(Found::Settled(known));
    }
    if !apply {
        return Ok(Found::Changed(known));
    }
    let password = generate(usize::from(params.length))?;
    let saved = if params.saved {
        password.as_bytes()
    } else {
        b""
    };
    write_private(path, &[saved, b"\n"])?;
    Ok(Found::Changed(Some(Arc::new(password))))
}

/// What is wrong with a stored password; reads on after it.
fn misfit(password: &str, params: &declared::Password) -> Option<&'static str> {
    match (params.saved, password.is_empty()) {
        (false, true) => None,
        (false, false) => Some("is saved, although it should not be"),
        (true, _) if password.len() != usize::from(params.length) => Some("has another length"),
        (true, _) if !password.bytes().all(|byte| ALPHABET.contains(&byte)) => {
            Some("has other characters than letters")
        }
        (true, _) => None,
    }
}

fn read(path: &Path) -> Result<Option<Secret>, ResourceError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            Ok(Some(Arc::new(Zeroizing::new(text.trim().to_owned()))))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ResourceError::path("read", path)(error)),
    }
}

/// Letters from the system's generator. What would favour the first letters of the alphabet is not used.
fn generate(length: usize) -> Result<Zeroizing<String>, ResourceError> {
    let fair = u8::MAX - u8::MAX % u8::try_from(ALPHABET.len()).unwrap_or(1);
    let mut password = Zeroizing::new(String::with_capacity(length));
    let mut random = [0u8; RANDOM];
    while password.len() < length {
        getrandom::fill(&mut random).map_err(|error| {
            ResourceError::message(format!("the system gives no random numbers: {error}"))
        })?;
        let letters = random
            .iter()
            .filter(|byte| **byte < fair)
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        let missing = length - password.len();
        password.extend(letters.take(missing));
    }
    random.zeroize();
    Ok(password)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::resource::harness::{Scratch, Subject, sent};

    fn password(scratch: &Scratch, params: declared::Password) -> Subject<Password> {
        scratch.resource("p", params)
    }

    fn saved() -> declared::Password {
        declared::Password {
            length: 20,
            saved: true,
            check_recovery: false,
        }
    }

    async fn sent_password(subject: &Subject<Password>) -> Option<String> {
        let (_, values) = subject.send().await.unwrap();
        let value = sent(&values, "password")?;
        Some(value.as_str().unwrap().to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_saved_password_stays() {
        let scratch = Scratch::new();
        password(&scratch, saved()).converges().await;
        let first = sent_password(&password(&scratch, saved())).await.unwrap();
        assert_eq!(first.len(), 20);
        assert!(first.bytes().all(|byte| ALPHABET.contains(&byte)));
        let again = password(&scratch, saved());
        assert_eq!(sent_password(&again).await.unwrap(), first);
        let file = stored(&again.vardir());
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{first}\n"));
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn an_unsaved_password_is_remembered_but_not_kept() {
        let scratch = Scratch::new();
        let params = declared::Password::default;
        let subject = password(&scratch, params());
        let first = sent_password(&subject).await.unwrap();
        assert_eq!(sent_password(&subject).await.unwrap(), first);
        assert_eq!(fs::read_to_string(stored(&subject.vardir())).unwrap(), "\n");
        let restarted = password(&scratch, params());
        restarted.is_settled().await;
        assert_eq!(sent_password(&restarted).await, None);
    }

    #[tokio::test]
    async fn a_notification_makes_another_one() {
        let scratch = Scratch::new();
        let subject = password(&scratch, saved());
        let first = sent_password(&subject).await.unwrap();
        assert_eq!(subject.refresh().await.unwrap(), Outcome::Changed);
        assert_ne!(sent_password(&subject).await.unwrap(), first);
    }

    #[tokio::test]
    async fn a_misfit_is_an_error_unless_recovery_is_wanted() {
        let scratch = Scratch::new();
        password(&scratch, saved()).apply().await.unwrap();
        let longer = declared::Password {
            length: 30,
            ..saved()
        };
        let error = password(&scratch, longer.clone())
            .apply()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("has another length"), "{error}");
        let recovering = declared::Password {
            check_recovery: true,
            ..longer
        };
        password(&scratch, recovering).converges().await;
    }

    #[tokio::test]
    async fn the_loss_of_the_file_is_an_event() {
        let scratch = Scratch::new();
        let subject = password(&scratch, saved());
        let mut watching = subject.watch().await;
        subject.apply().await.unwrap();
        watching.event().await;
        watching.drain();
        fs::remove_file(stored(&subject.vardir())).unwrap();
        watching.event().await;
        subject.converges().await;
        watching.end().await;
    }
}

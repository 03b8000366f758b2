//! `password` is woken by changes of the stored file, compares it with the parameters, and stores a new password.
//! It never logs a password, and wipes what it had in memory.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_stdlib::resources::password as declared;
use mgmt_stdlib::value::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::atomic_write::write_private;
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};
use crate::secrets::Secret;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How many bytes of randomness are asked for at once.
const RANDOM: usize = 128;

/// Who may read a stored password.
const OWNER_ONLY: u32 = 0o600;

/// See [`declared::Password`].
pub(super) struct Password;

/// What a check found.
enum Found {
    /// There is nothing to do; the password, if it is known.
    Settled(Option<Secret>),
    /// A password has to be made; the former one, if it is known.
    Unmade(Option<Secret>),
    /// A password was made.
    Made(Secret),
    /// The password is as it shall be, but others can read the file, or could until now.
    Exposed(Option<Secret>),
    /// The password was kept in memory only until now, and shall be saved.
    Unsaved(Secret),
}

#[async_trait]
impl Resource for Password {
    type Params = declared::Password;

    fn new(_name: &str, _params: &declared::Password) -> Self {
        Self
    }

    async fn watch(
        &self,
        _params: &declared::Password,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let file = stored(&context.vardir()?);
        let watch = context.services.paths.watch(file, false).await?;
        context.follow(watch).await
    }

    async fn check_apply(
        &self,
        params: &declared::Password,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let (path, params) = (stored(&context.vardir()?), params.clone());
        let (apply, refresh) = (context.apply(), context.refresh());
        // It may be that of another object, whose parameters were others.
        let secrets = context.services.secrets.clone();
        let work = move || {
            let found = check(&path, &params, secrets.get(&path), apply, refresh)?;
            if let Found::Made(password) = &found {
                secrets.keep(path, Arc::clone(password));
            }
            Ok(found)
        };
        let (step, password) = match context.services.blocking.run(work).await? {
            Found::Settled(password) => (None, password),
            Found::Unmade(password) => (Some("make a new password"), password),
            Found::Made(password) => {
                tracing::info!("made a new password");
                (Some("make a new password"), Some(password))
            }
            Found::Exposed(password) => {
                if apply {
                    tracing::info!("closed the stored password to others");
                }
                (Some("close the stored password to others"), password)
            }
            Found::Unsaved(password) => {
                if apply {
                    tracing::info!("saved the password");
                }
                (Some("save the password"), Some(password))
            }
        };
        if let Some(step) = step {
            context.report(|| Change::Step(step.to_owned()));
        }
        let value = password.map(|password| Value::from(password.as_str()));
        context.send(vec![("password", value)]);
        Ok(match step {
            Some(_) => Outcome::Changed,
            None => Outcome::Unchanged,
        })
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
    let remembered = remembered.filter(|_| present.as_ref().is_some_and(|text| text.is_empty()));
    let counts = remembered.as_ref().or(present.as_ref());
    let misfit = match &remembered {
        Some(password) => ill_formed(password, params),
        None => present
            .as_ref()
            .and_then(|password| misfit(password, params)),
    };
    if let Some(reason) = misfit
        && !params.check_recovery
    {
        return Err(ResourceError::message(format!(
            "the stored password {reason}: `check_recovery => true` permits making a new one"
        )));
    }
    let known = counts
        .filter(|password| misfit.is_none() && !password.is_empty())
        .cloned();
    if present.is_none() || misfit.is_some() || refresh {
        if !apply {
            return Ok(Found::Unmade(known));
        }
        let password = Arc::new(generate(usize::from(params.length))?);
        store(path, params.saved.then_some(&password))?;
        return Ok(Found::Made(password));
    }
    if params.saved
        && let Some(password) = remembered
    {
        if apply {
            store(path, Some(&password))?;
        }
        return Ok(Found::Unsaved(password));
    }
    let metadata = fs::metadata(path).map_err(ResourceError::path("look at", path))?;
    if metadata.mode() & 0o7777 == OWNER_ONLY {
        return Ok(Found::Settled(known));
    }
    if apply {
        fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))
            .map_err(ResourceError::path("change the mode of", path))?;
    }
    Ok(Found::Exposed(known))
}

/// Writes the password or, without one, that there is one.
fn store(path: &Path, password: Option<&Secret>) -> Result<(), ResourceError> {
    let text = password.map_or("", |password| password.as_str());
    write_private(path, &[text.as_bytes(), b"\n"])
}

/// What is wrong with a stored password; reads on after it.
fn misfit(password: &str, params: &declared::Password) -> Option<&'static str> {
    match (params.saved, password.is_empty()) {
        (false, true) => None,
        (false, false) => Some("is saved, although it should not be"),
        (true, true) => Some("is not saved, although it should be"),
        (true, false) => ill_formed(password, params),
    }
}

fn ill_formed(password: &str, params: &declared::Password) -> Option<&'static str> {
    if password.chars().count() != usize::from(params.length) {
        Some("has another length")
    } else if !password.bytes().all(|byte| ALPHABET.contains(&byte)) {
        Some("has other characters than letters")
    } else {
        None
    }
}

fn read(path: &Path) -> Result<Option<Secret>, ResourceError> {
    match fs::read(path).map(Zeroizing::new) {
        // What is no text is no letters, either.
        Ok(text) => {
            let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
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
    use super::*;
    use crate::resource::harness::{Scratch, Subject, sent};
    use crate::secrets::Secrets;

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
        let mut scratch = Scratch::new();
        let params = declared::Password::default;
        let subject = password(&scratch, params());
        let first = sent_password(&subject).await.unwrap();
        assert_eq!(sent_password(&subject).await.unwrap(), first);
        assert_eq!(fs::read_to_string(stored(&subject.vardir())).unwrap(), "\n");
        let replaced = password(&scratch, params());
        assert_eq!(sent_password(&replaced).await.unwrap(), first);
        scratch.services.secrets = Secrets::default();
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
    async fn an_unsaved_password_stays_with_other_parameters() {
        let scratch = Scratch::new();
        let unsaved = || declared::Password {
            saved: false,
            ..saved()
        };
        let first = sent_password(&password(&scratch, unsaved())).await.unwrap();
        let shorter = declared::Password {
            length: 10,
            ..unsaved()
        };
        let error = password(&scratch, shorter.clone())
            .noop()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("has another length"), "{error}");
        let now_saved = password(&scratch, saved());
        now_saved.converges().await;
        assert_eq!(sent_password(&now_saved).await.unwrap(), first);
        let file = stored(&now_saved.vardir());
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{first}\n"));
        let recovering = declared::Password {
            check_recovery: true,
            ..shorter
        };
        let recovering = password(&scratch, recovering);
        recovering.converges().await;
        assert_eq!(sent_password(&recovering).await.unwrap().len(), 10);
        assert_eq!(fs::read_to_string(&file).unwrap(), "\n");
    }

    #[tokio::test]
    async fn others_can_not_read_it_for_long() {
        let scratch = Scratch::new();
        let subject = password(&scratch, saved());
        let first = sent_password(&subject).await.unwrap();
        let file = stored(&subject.vardir());
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        subject.converges().await;
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(sent_password(&subject).await.unwrap(), first);
    }

    #[tokio::test]
    async fn what_is_no_text_can_be_recovered_from() {
        let scratch = Scratch::new();
        let subject = password(&scratch, saved());
        subject.apply().await.unwrap();
        write_private(&stored(&subject.vardir()), &[b"\xff\xfe"]).unwrap();
        assert!(subject.noop().await.is_err());
        let recovering = declared::Password {
            check_recovery: true,
            ..saved()
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

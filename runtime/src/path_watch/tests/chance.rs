//! Whatever happens outside, nothing goes unnoticed.

use std::os::unix::fs::MetadataExt;

use proptest::prelude::*;

use super::*;

/// Something that happens outside.
#[derive(Clone, Debug)]
enum Step {
    Write(String),
    MakeDirectories(String),
    Remove(String),
    Rename(String, String),
    Link { text: String, at: String },
}

impl Step {
    /// Many steps are impossible where they come; that is no matter.
    fn take(&self, root: &Path) {
        let path = |path: &String| root.join(path);
        let _ = match self {
            Self::Write(at) => fs::write(path(at), at),
            Self::MakeDirectories(at) => fs::create_dir_all(path(at)),
            Self::Remove(at) if path(at).is_dir() && !path(at).is_symlink() => {
                fs::remove_dir_all(path(at))
            }
            Self::Remove(at) => fs::remove_file(path(at)),
            Self::Rename(from, to) => fs::rename(path(from), path(to)),
            Self::Link { text, at } => symlink(text, path(at)),
        };
    }
}

fn places() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]", 1..4).prop_map(|names| names.join("/"))
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        places().prop_map(Step::Write),
        places().prop_map(Step::MakeDirectories),
        places().prop_map(Step::Remove),
        (places(), places()).prop_map(|(from, to)| Step::Rename(from, to)),
        ("(\\.\\./)?[ab](/[ab])?", places()).prop_map(|(text, at)| Step::Link { text, at }),
    ]
}

/// All that can be told of a path, and of the entries if it is a directory.
fn look(path: &Path) -> Vec<String> {
    let one = |path: &Path| {
        let describe = |metadata: std::io::Result<fs::Metadata>| match metadata {
            Ok(there) if there.is_dir() => format!("{} {:o}", there.ino(), there.mode()),
            Ok(there) => format!(
                "{} {:o} {} {}.{}",
                there.ino(),
                there.mode(),
                there.size(),
                there.mtime(),
                there.mtime_nsec()
            ),
            Err(_) => "nothing".to_owned(),
        };
        format!(
            "{}: {} -> {}",
            path.display(),
            describe(fs::symlink_metadata(path)),
            describe(fs::metadata(path))
        )
    };
    let mut seen = vec![one(path)];
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let there = fs::symlink_metadata(entry.path());
        seen.push(format!(
            "{:?} {:?}",
            entry.file_name(),
            there.map(|there| there.ino()).ok()
        ));
    }
    seen.sort();
    seen
}

/// Some watched paths.
struct Observed<'a> {
    scratch: Scratch,
    targets: &'a [String],
    watches: Vec<PathWatch>,
}

impl<'a> Observed<'a> {
    async fn new(before: &[Step], targets: &'a [String]) -> Self {
        let scratch = Scratch::new();
        let root = scratch.dir.path();
        before.iter().for_each(|step| step.take(root));
        let mut watches = Vec::new();
        for path in targets {
            watches.push(scratch.watch(path).await);
        }
        Self {
            scratch,
            targets,
            watches,
        }
    }

    /// Takes some steps at once. If a path does not look as before, there must be an event.
    async fn is_told(&mut self, steps: &[Step]) -> Result<(), TestCaseError> {
        let root = self.scratch.dir.path();
        let look = || self.targets.iter().map(|path| look(&root.join(path)));
        let old: Vec<_> = look().collect();
        for watch in &mut self.watches {
            pending(watch);
        }
        steps.iter().for_each(|step| step.take(root));
        self.scratch.settle().await;
        for ((watch, old), new) in self.watches.iter_mut().zip(old).zip(look()) {
            let told = pending(watch);
            prop_assert!(told || new == old, "{steps:?}: {old:?} is now {new:?}");
        }
        Ok(())
    }
}

fn block_on(test: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens, in whatever order: if a watched path does not look as before, there was an event.
    #[test]
    fn no_change_goes_unnoticed(
        before in prop::collection::vec(steps(), 0..6),
        targets in prop::collection::vec(places(), 1..4),
        after in prop::collection::vec(steps(), 1..12),
    ) {
        block_on(async {
            let mut observed = Observed::new(&before, &targets).await;
            observed.scratch.settle().await;
            for step in &after {
                observed.is_told(std::slice::from_ref(step)).await?;
            }
            observed.watches.clear();
            prop_assert_eq!(observed.scratch.nodes(), 0);
            Ok(())
        })?;
    }

    /// The same if much happens at once; and after that, everything is watched.
    #[test]
    fn no_burst_goes_unnoticed(
        before in prop::collection::vec(steps(), 0..6),
        targets in prop::collection::vec(places(), 1..4),
        after in prop::collection::vec(steps(), 1..30),
    ) {
        block_on(async {
            let mut observed = Observed::new(&before, &targets).await;
            observed.is_told(&after).await?;
            for path in &targets {
                let again = [Step::Remove(path.clone()), Step::Write(path.clone())];
                observed.is_told(&again).await?;
            }
            Ok(())
        })?;
    }
}

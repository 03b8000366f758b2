//! What every command that runs a program is told: which program, and who this machine is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use mgmt_compiler::files::{Disk, Download, Files};

use crate::frontend::{Frontend, FrontendContext, FrontendError, GraphSource, Lang, Yaml};

/// The front ends by name.
#[derive(Clone)]
pub(super) struct FrontEnds(BTreeMap<String, Arc<dyn Frontend>>);

impl Default for FrontEnds {
    fn default() -> Self {
        let mut all = Self(BTreeMap::new());
        // The arguments have one with their options.
        all.add(Arc::new(Lang::default()));
        all.add(Arc::new(Yaml));
        all
    }
}

impl FrontEnds {
    pub(super) fn add(&mut self, frontend: Arc<dyn Frontend>) {
        self.0.insert(frontend.name().to_owned(), frontend);
    }

    /// Whether a word that stands alone is rather one of those that were added than the path of a program.
    fn are_own(&self, word: &str) -> bool {
        let is_usual = word == Lang::default().name() || word == Yaml.name();
        !is_usual && self.0.contains_key(word)
    }

    fn unknown(&self, name: &str) -> FrontendError {
        let names: Vec<_> = self.0.keys().map(|name| format!("`{name}`")).collect();
        FrontendError::Unusable(format!(
            "there is no front end `{name}`; there are {}",
            names.join(", ")
        ))
    }
}

/// Who this machine is.
#[derive(Args, Clone, Debug)]
pub(super) struct HostArgs {
    /// Who this machine is: the value of `$hostname`. Usually the name that the system has.
    #[arg(long, value_name = "NAME")]
    pub(super) hostname: Option<String>,
}

/// Which program, and from where its modules come.
#[derive(Args, Clone, Debug)]
pub(super) struct SourceArgs {
    /// Where modules from other places are.
    #[arg(long, value_name = "DIR", env = "MGMT_MODULE_PATH")]
    module_path: Option<PathBuf>,

    /// Fetch imported modules that are not there, with git.
    #[arg(long)]
    download: bool,

    /// Bring imported modules that are there up to date, with git.
    #[arg(long)]
    update: bool,

    /// A file, a directory with `metadata.yaml` or `main.mcl`, `-` for standard input, or the program
    /// itself. The name of a front end may stand before it: `lang` is meant if there is none, and `yaml` takes a
    /// file with a graph.
    #[arg(value_name = "PATH", required = true, num_args = 1..=2)]
    input: Vec<String>,
}

impl SourceArgs {
    /// Loads the program with the front end that is meant.
    pub(super) fn load(
        &self,
        front_ends: &FrontEnds,
        context: &FrontendContext,
    ) -> Result<Box<dyn GraphSource>, FrontendError> {
        let lang = self.lang(&context.directory);
        let (name, payload) = match &self.input[..] {
            [name, payload] => (name.as_str(), payload.as_str()),
            // Some front ends need not be told anything.
            [name] if front_ends.are_own(name) => (name.as_str(), ""),
            [payload] => (lang.name(), payload.as_str()),
            _ => return Err(FrontendError::Unusable("name one program".to_owned())),
        };
        if name == lang.name() {
            return lang.load(payload, context);
        }
        match front_ends.0.get(name) {
            Some(front_end) => front_end.load(payload, context),
            None => Err(front_ends.unknown(name)),
        }
    }

    /// The front end for programs, with the options that are for it.
    fn lang(&self, directory: &Path) -> Lang {
        let files: Arc<dyn Files + Send + Sync> = match self.download || self.update {
            true => Arc::new(Download {
                update: self.update,
            }),
            false => Arc::new(Disk),
        };
        Lang {
            module_path: self.module_path.as_ref().map(|path| directory.join(path)),
            files,
        }
    }
}

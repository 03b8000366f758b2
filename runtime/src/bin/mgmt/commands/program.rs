//! What every command that runs a program is told: which program, and who this machine is.

use std::env;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use mgmt_compiler::files::{Disk, Download, clean};
use mgmt_compiler::{Compilation, Input, Options};
use mgmt_runtime::driver::place::hostname;
use mgmt_runtime::frontend::{EventSources, Frontend, Report, RunningHost, YamlFrontend};
use mgmt_runtime::path_watch::PathHub;
use mgmt_runtime::resource::Services;
use mgmt_stdlib::catalog::{Catalog, SystemHost};

use crate::FRONT_END;

/// The word before a file with a graph in YAML.
const YAML_FRONT_END: &str = "yaml";

/// Which program, for whom, and from where its modules come.
#[derive(Args, Clone, Debug)]
pub(crate) struct Program {
    /// Who this machine is: the value of `$hostname`. Usually the name that the system has.
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,

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
    /// itself. The word `lang` may stand before it; `run` takes a file with a graph after the word `yaml`.
    #[arg(value_name = "PATH", required = true, num_args = 1..=2)]
    input: Vec<String>,
}

impl Program {
    /// The name of this machine, and a front end for the program, which [`attach`] completes. `watch` tells
    /// whether it follows what changes.
    pub(crate) fn frontend(
        &self,
        report: Report,
        watch: bool,
    ) -> Result<(String, Frontend), Box<dyn Error>> {
        let directory = env::current_dir()?;
        let hostname = hostname(self.hostname.as_deref())?;
        let path = self.path()?;
        let input = Input::from_argument(path, &directory, &Disk, &mut io::stdin().lock())
            .map_err(|diagnostic| diagnostic.message)?;
        let frontend = Frontend {
            input,
            options: Options {
                hostname: hostname.clone(),
                module_path: self.module_path.as_ref().map(|path| directory.join(path)),
            },
            directory,
            catalog: Arc::new(Catalog::standard()?),
            registry: mgmt_runtime::resources::registry(),
            files: if self.download || self.update {
                Arc::new(Download {
                    update: self.update,
                })
            } else {
                Arc::new(Disk)
            },
            host: Arc::new(SystemHost {
                hostname: hostname.clone(),
                ..SystemHost::default()
            }),
            sources: EventSources::default(),
            report,
            watch,
        };
        Ok((hostname, frontend))
    }

    /// A front end for the graph in YAML, if that is what is to be run, and the name of this machine.
    pub(crate) fn yaml(
        &self,
        report: &Report,
        watch: bool,
    ) -> Result<Option<(String, YamlFrontend)>, Box<dyn Error>> {
        let [front_end, path] = &self.input[..] else {
            return Ok(None);
        };
        if front_end != YAML_FRONT_END {
            return Ok(None);
        }
        let frontend = YamlFrontend {
            path: clean(&env::current_dir()?.join(path)),
            name: path.clone(),
            catalog: Arc::new(Catalog::standard()?),
            registry: mgmt_runtime::resources::registry(),
            files: Arc::new(Disk),
            paths: PathHub::default(),
            report: Arc::clone(report),
            watch,
        };
        Ok(Some((hostname(self.hostname.as_deref())?, frontend)))
    }

    /// The program for others to see, who need not see its text.
    pub(crate) fn shown(&self) -> &str {
        match self.input.last().map(String::as_str) {
            Some("-") => "(standard input)",
            Some(path) if Path::new(path).exists() => path,
            _ => "(a program)",
        }
    }

    fn path(&self) -> Result<&str, &'static str> {
        match &self.input[..] {
            [path] => Ok(path),
            [front_end, path] if front_end == FRONT_END => Ok(path),
            _ => Err("name one program, after the word `lang` if at all"),
        }
    }
}

/// Lets the program see what the resources share, and the files that belong to it.
pub(crate) fn attach(frontend: &mut Frontend, services: &Services, compilation: &Compilation) {
    frontend.sources = EventSources::from(services);
    frontend.host = Arc::new(RunningHost {
        system: SystemHost {
            hostname: services.hostname.to_string(),
            state_dir: None,
            files: Some(compilation.tree.clone()),
            ..SystemHost::default()
        },
        state_dir: Arc::clone(&services.prefix),
        values: services.values.clone(),
        responses: services.responses.clone(),
        world: Arc::clone(&services.world),
        system_bus: services.buses.system.clone(),
    });
}

/// What resources say of the program that runs them.
pub(crate) const PROGRAM: &str = concat!("mgmt ", env!("CARGO_PKG_VERSION"));

//! Generates the parser from `src/grammar.lalrpop`.

use std::path::Path;
use std::{env, fs};

#[allow(clippy::disallowed_methods, reason = "a build script works on files")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    lalrpop::process_src()?;
    // The tables are run by `src/driver.rs`, whose recovery from errors respects brackets.
    let path = Path::new(&env::var("OUT_DIR")?).join("grammar.rs");
    let generated = fs::read_to_string(&path)?;
    let theirs = "self::__lalrpop_util::state_machine as __state_machine";
    let ours = "crate::driver as __state_machine";
    let generated = generated.replace(theirs, ours);
    if !generated.contains(ours) {
        return Err("the generated parser does not name its driver as expected".into());
    }
    fs::write(path, generated)?;
    Ok(())
}

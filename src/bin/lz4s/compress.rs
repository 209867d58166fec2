//! The command `compress`.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use lz4_stream::{CompressOptions, Lz4StreamParallelWriter, ZeroPrefix};

use crate::args::Compress;
use crate::failure::{Failure, Result, at, failure};
use crate::files::{EXTENSION, remove, target};
use crate::input::{BUFFER, Identity, Input, dictionary};
use crate::output::{Output, Rules};
use crate::preset::{Layout, needs_file};

/// Compresses files, each with the same settings.
pub struct Compressor<'a> {
    args: &'a Compress,
    layout: Layout,
    options: CompressOptions,
    dictionary: Option<Identity>,
    quiet: bool,
}

impl Compressor<'_> {
    pub fn new(args: &Compress, quiet: bool) -> Result<Compressor<'_>> {
        let layout = Layout::new(&args.format, None)?;
        layout.start.bytes()?;
        let mut options = CompressOptions::new()
            .format(layout.format())
            .page_size(args.page_size.unwrap_or(layout.page_size))
            .strategy(args.strategy.map_or(layout.strategy, Into::into))
            .max_distance(args.max_distance.unwrap_or(layout.max_distance))
            .restart_every(args.restart_every.unwrap_or(0))
            .mode(args.mode()?);
        options.compressor()?; // before any file is touched
        let format = &args.format;
        needs_file("--index", &args.index)?;
        let to = &args.files.to;
        to.check(&[("--sizes", format.sizes.is_some()), ("--index", args.index.is_some())])?;
        let joined = to.inputs.paths.len() > 1 && to.stdout;
        if joined
            && (layout.zero == ZeroPrefix::End || format.dictionary.is_some() || !layout.start.bytes()?.is_empty())
        {
            let reason =
                "several inputs on stdout cannot be read as one stream with an end mark, a dictionary or a header";
            return Err(Failure::Usage(reason.into()));
        }
        let (bytes, identity) = format
            .dictionary
            .as_deref()
            .map_or(Ok((Vec::new(), None)), dictionary)?;
        options = options.dictionary(bytes);
        Ok(Compressor {
            args,
            layout,
            options,
            dictionary: identity,
            quiet,
        })
    }

    pub fn run(&self, path: &Path) -> Result<()> {
        let files = &self.args.files.to;
        let mut input = Input::open(path)?;
        let inputs: Vec<Identity> = [&self.dictionary, &input.identity]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let (target, beside) = target(&input, files, compressed_name)?;
        let rules = Rules {
            inputs: &inputs,
            force: files.force,
            like: input.metadata(),
            beside,
        };
        let mut output = Output::create(&target, rules)?;
        output.refuse_terminal(files.force)?;
        let another = |path: &Option<PathBuf>| {
            let rules = Rules {
                inputs: &inputs,
                force: files.force,
                like: input.metadata(),
                beside: false,
            };
            path.as_deref().map(|path| Output::create(path, rules)).transpose()
        };
        let mut sizes = another(&self.args.format.sizes)?;
        let mut index = another(&self.args.index)?;
        for (option, other) in [("--sizes", &sizes), ("--index", &index)] {
            if other.as_ref().is_some_and(|other| output.is_same(other)) {
                let problem = format_args!("is both the output and the {option} file");
                return Err(failure(&output.name, problem));
            }
        }
        if let (Some(sizes), Some(index)) = (&sizes, &index)
            && sizes.is_same(index)
        {
            return Err(failure(&sizes.name, "is both the --sizes and the --index file"));
        }

        input.show_progress(self.quiet || output.on_terminal);
        let name = output.name.clone();
        output.write_all(self.layout.start.bytes()?).map_err(at(&name))?;
        let mut writer = self.options.parallel_writer(output, self.args.threads)?;
        if index.is_some() {
            writer.collect_index(self.args.index_interval.unwrap_or(1 << 20))?;
        }
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(at(&input.name)(error)),
            };
            writer.write_all(&buffer[..read]).map_err(at(&name))?;
            write_sizes(&mut writer, &mut sizes)?;
        }
        writer.try_finish().map_err(at(&name))?;
        write_sizes(&mut writer, &mut sizes)?;
        if let Some(sizes) = &mut sizes {
            sizes.flush().map_err(at(&sizes.name))?;
        }
        if let (Some(file), Some(collected)) = (&mut index, writer.take_index()) {
            collected.write_to(&mut *file).map_err(at(&file.name))?;
        }
        // All files are written. Only the renames remain.
        let output = writer.finish().map_err(at(&name))?;
        let is_file = output.is_file;
        output.commit()?;
        sizes.map_or(Ok(()), Output::commit)?;
        index.map_or(Ok(()), Output::commit)?;
        remove(&input, &self.args.files, is_file)
    }
}

/// Writes the gathered sizes, which would fill the memory on a long stream.
fn write_sizes(writer: &mut Lz4StreamParallelWriter<Output>, sizes: &mut Option<Output>) -> Result<()> {
    let Some(file) = sizes else { return Ok(()) };
    for size in writer.drain_block_sizes() {
        writeln!(file, "{size}").map_err(at(&file.name))?;
    }
    Ok(())
}

/// `NAME.lz4s`.
fn compressed_name(path: &Path) -> Result<PathBuf, String> {
    if path.extension() == Some(OsStr::new(EXTENSION)) {
        return Err(format!(
            "already ends in .{EXTENSION}; use --output FILE to compress it again"
        ));
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(EXTENSION);
    Ok(name.into())
}

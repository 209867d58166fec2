//! The adapters for tokio against those for `std::io`, and against the LZ4 frames of async-compression. All contenders
//! run in one process and take turns; every figure is a median.
//!
//! ```sh
//! cargo bench --bench async --features tokio            # all of it
//! cargo bench --bench async --features tokio -- pipe    # or `messages`, or `pages`
//! ```

#[path = "../../tests/common/random.rs"]
mod random;

use std::hint::black_box;
use std::io::{self, BufRead, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use async_compression::tokio::bufread::Lz4Decoder;
use async_compression::tokio::write::Lz4Encoder;
use lz4_stream::{CompressOptions, Lz4StreamDecompressor, Mode, tokio as lz4_tokio};
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, ReadBuf,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const PAGE: usize = 64 * 1024;
const ROUNDS: usize = 15;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, bench) in [("pipe", pipe as fn()), ("messages", messages), ("pages", pages)] {
        if only.is_empty() || only.iter().any(|only| only == name) {
            bench();
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Runs the contenders in turns, and returns the median time of each.
fn medians(contenders: &mut [(&str, &mut dyn FnMut())]) -> Vec<Duration> {
    let mut times = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for (i, (_, run)) in contenders.iter_mut().enumerate() {
            let start = Instant::now();
            run();
            // The first round warms up.
            if round > 0 {
                times[i].push(start.elapsed());
            }
        }
    }
    times
        .iter_mut()
        .map(|times| {
            times.sort();
            times[times.len() / 2]
        })
        .collect()
}

/// The pipe of the async contenders, for the adapters of `std::io`.
struct Blocking(DuplexStream);

fn or_would_block<T>(result: Poll<io::Result<T>>) -> io::Result<T> {
    match result {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl Read for Blocking {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut out = ReadBuf::new(out);
        let mut cx = Context::from_waker(Waker::noop());
        or_would_block(Pin::new(&mut self.0).poll_read(&mut cx, &mut out))?;
        Ok(out.filled().len())
    }
}

impl Write for Blocking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(Waker::noop());
        or_would_block(Pin::new(&mut self.0).poll_write(&mut cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Throughput through a pipe in memory: compression at one end, decompression at the other, on one thread.
fn pipe() {
    const LEN: usize = 16 << 20;
    println!("# Through a pipe of 256 KiB in memory, MB/s of content\n");
    println!("| data | pieces | std | tokio | tokio / std | async-compression |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (name, data) in [
        ("text", random::text(1, LEN)),
        ("mixed", random::mixed(1, LEN)),
        ("noise", random::Random::new(1).bytes(LEN)),
    ] {
        for piece in [8 * 1024, PAGE, LEN] {
            let runtime = &runtime();
            let data = &data[..];
            let times = medians(&mut [
                ("std", &mut || assert_eq!(std_pipe(data, piece), LEN)),
                ("tokio", &mut || {
                    let n = through_pipe(
                        runtime,
                        data,
                        piece,
                        lz4_tokio::Lz4StreamWriter::new,
                        lz4_tokio::Lz4StreamReader::new,
                    );
                    assert_eq!(n, LEN);
                }),
                ("async-compression", &mut || {
                    let reader = |pipe| BufReader::with_capacity(PAGE, Lz4Decoder::new(BufReader::new(pipe)));
                    assert_eq!(through_pipe(runtime, data, piece, Lz4Encoder::new, reader), LEN);
                }),
            ]);
            let speed = |time: Duration| LEN as f64 / 1e6 / time.as_secs_f64();
            println!(
                "| {name} | {} KiB | {:.0} | {:.0} | {:.3} | {:.0} |",
                piece / 1024,
                speed(times[0]),
                speed(times[1]),
                times[0].as_secs_f64() / times[1].as_secs_f64(),
                speed(times[2]),
            );
        }
    }
    println!();
}

fn std_pipe(data: &[u8], piece: usize) -> usize {
    let (input, output) = tokio::io::duplex(4 * PAGE);
    let mut writer = Some(lz4_stream::Lz4StreamWriter::new(Blocking(input)));
    let mut reader = lz4_stream::Lz4StreamReader::new(Blocking(output));
    let (mut rest, mut received) = (data, 0);
    loop {
        if let Some(open) = &mut writer {
            while !rest.is_empty() {
                match open.write(&rest[..piece.min(rest.len())]) {
                    Ok(n) => rest = &rest[n..],
                    Err(_would_block) => break,
                }
            }
            if rest.is_empty() && open.try_finish().is_ok() {
                writer = None;
            }
        }
        loop {
            match reader.fill_buf() {
                Ok([]) => return received,
                Ok(page) => {
                    let n = black_box(page).len();
                    received += n;
                    reader.consume(n);
                }
                Err(_would_block) => break,
            }
        }
    }
}

fn through_pipe<W: AsyncWrite + Unpin, R: tokio::io::AsyncBufRead + Unpin>(
    runtime: &Runtime,
    data: &[u8],
    piece: usize,
    writer: impl FnOnce(DuplexStream) -> W,
    reader: impl FnOnce(DuplexStream) -> R,
) -> usize {
    let (input, output) = tokio::io::duplex(4 * PAGE);
    let (mut writer, mut reader) = (writer(input), reader(output));
    let send = async {
        for piece in data.chunks(piece) {
            writer.write_all(piece).await?;
        }
        writer.shutdown().await
    };
    let receive = async {
        let mut received = 0;
        loop {
            let n = black_box(reader.fill_buf().await?).len();
            if n == 0 {
                return io::Result::Ok(received);
            }
            received += n;
            reader.consume(n);
        }
    };
    runtime
        .block_on(async { tokio::try_join!(send, receive) })
        .expect("no error")
        .1
}

const MESSAGES: usize = 10_000;
const MESSAGE: usize = 200;

/// Requests and responses over loopback, flushed one by one, both ends on one thread; for `std`, on two.
fn messages() {
    let all = random::text(2, MESSAGES * MESSAGE);
    let all = &all[..];
    let (one, two, three, four) = (&runtime(), &runtime(), &runtime(), &runtime());
    let times = medians(&mut [
        ("plain", &mut || talk(one, all, |write| write, BufReader::new)),
        ("tokio", &mut || {
            talk(two, all, lz4_tokio::Lz4StreamWriter::new, |read| {
                lz4_tokio::Lz4StreamBufReader::new(BufReader::new(read))
            });
        }),
        ("tokio, unbuffered", &mut || {
            talk(
                three,
                all,
                lz4_tokio::Lz4StreamWriter::new,
                lz4_tokio::Lz4StreamReader::new,
            );
        }),
        ("async-compression", &mut || {
            talk(four, all, Lz4Encoder::new, |read| Lz4Decoder::new(BufReader::new(read)));
        }),
        ("std", &mut || std_talk(all).expect("no error")),
    ]);
    println!("# {MESSAGES} requests and responses of {MESSAGE} bytes over loopback\n");
    println!("| contender | ms | µs per message |\n|---|---:|---:|");
    let names = [
        "no compression",
        "tokio, `Lz4StreamBufReader`",
        "tokio, `Lz4StreamReader`",
        "async-compression, LZ4 frame",
        "std, two threads",
    ];
    for (name, time) in names.iter().zip(times) {
        let ms = time.as_secs_f64() * 1e3;
        println!("| {name} | {ms:.0} | {:.1} |", ms * 1e3 / (2 * MESSAGES) as f64);
    }
    println!();
}

fn talk<W, R>(
    runtime: &Runtime,
    all: &[u8],
    writer: impl Fn(tokio::net::tcp::OwnedWriteHalf) -> W,
    reader: impl Fn(tokio::net::tcp::OwnedReadHalf) -> R,
) where
    W: AsyncWrite + Unpin,
    R: AsyncRead + Unpin,
{
    let wrap = |socket: TcpStream| {
        socket.set_nodelay(true).expect("no error");
        let (read, write) = socket.into_split();
        (reader(read), writer(write))
    };
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let client = TcpStream::connect(listener.local_addr().expect("a port"))
            .await
            .expect("a socket");
        let server = listener.accept().await.expect("a socket").0;
        let ((mut client_in, mut client_out), (mut server_in, mut server_out)) = (wrap(client), wrap(server));
        let server = async {
            let mut request = [0; MESSAGE];
            for _ in 0..MESSAGES {
                server_in.read_exact(&mut request).await?;
                server_out.write_all(&request).await?;
                server_out.flush().await?;
            }
            io::Result::Ok(())
        };
        let client = async {
            let mut response = [0; MESSAGE];
            for message in all.chunks(MESSAGE) {
                client_out.write_all(message).await?;
                client_out.flush().await?;
                client_in.read_exact(&mut response).await?;
                assert!(response == *message);
            }
            io::Result::Ok(())
        };
        tokio::try_join!(server, client).expect("no error");
    });
}

fn std_talk(all: &[u8]) -> io::Result<()> {
    type End = (
        lz4_stream::Lz4StreamBufReader<std::io::BufReader<std::net::TcpStream>>,
        lz4_stream::Lz4StreamWriter<std::net::TcpStream>,
    );
    fn wrap(socket: std::net::TcpStream) -> io::Result<End> {
        socket.set_nodelay(true)?;
        Ok((
            lz4_stream::Lz4StreamBufReader::new(std::io::BufReader::new(socket.try_clone()?)),
            lz4_stream::Lz4StreamWriter::new(socket),
        ))
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let (mut client_in, mut client_out) = wrap(std::net::TcpStream::connect(listener.local_addr()?)?)?;
    let (mut server_in, mut server_out) = wrap(listener.accept()?.0)?;
    std::thread::scope(|scope| {
        scope.spawn(move || -> io::Result<()> {
            let mut request = [0; MESSAGE];
            for _ in 0..MESSAGES {
                server_in.read_exact(&mut request)?;
                server_out.write_all(&request)?;
                server_out.flush()?;
            }
            Ok(())
        });
        let mut response = [0; MESSAGE];
        for message in all.chunks(MESSAGE) {
            client_out.write_all(message)?;
            client_out.flush()?;
            client_in.read_exact(&mut response)?;
            assert!(response == *message);
        }
        Ok(())
    })
}

/// The CPU time of one page.
fn pages() {
    const MODES: [Mode; 4] = [
        Mode::Default,
        Mode::HighCompression { level: 3 },
        Mode::HighCompression { level: 9 },
        Mode::HighCompression { level: 12 },
    ];
    println!("# Microseconds per page of text\n");
    println!("| page | `Default` | level 3 | level 9 | level 12 | decompression |\n|---|---:|---:|---:|---:|---:|");
    let data = random::text(3, 4 << 20);
    for (name, page_size) in [("4 KiB", 4096), ("64 KiB", PAGE), ("1 MiB", 1 << 20)] {
        let per_page = |time: Duration| time.as_secs_f64() * 1e6 * page_size as f64 / data.len() as f64;
        let mut row = Vec::new();
        for mode in MODES {
            let options = CompressOptions::new().page_size(page_size).mode(mode);
            let mut compressor = options.compressor().expect("valid settings");
            let mut run = || {
                compressor.reset();
                for page in data.chunks(page_size) {
                    black_box(compressor.compress(page).expect("a page"));
                }
            };
            run();
            let mut times: Vec<Duration> = (0..5).map(|_| timed(&mut run)).collect();
            times.sort();
            row.push(per_page(times[2]));
        }
        let stream = lz4_stream::compress(&data, &CompressOptions::new().page_size(page_size)).expect("valid settings");
        let mut decompressor = Lz4StreamDecompressor::new();
        let mut run = || {
            decompressor.reset();
            let mut rest = &stream[..];
            while !rest.is_empty() {
                let _ = black_box(decompressor.feed(&mut rest).expect("a page"));
            }
        };
        run();
        let mut times: Vec<Duration> = (0..5).map(|_| timed(&mut run)).collect();
        times.sort();
        row.push(per_page(times[2]));
        let row: Vec<String> = row.iter().map(|micros| format!("{micros:.1}")).collect();
        println!("| {name} | {} |", row.join(" | "));
    }
    println!();
}

fn timed(run: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

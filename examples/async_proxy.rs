//! A pair of proxies that compress a TCP connection in both directions, for two programs that know nothing of it:
//!
//! ```text
//! client -- plain --> near proxy == compressed ==> far proxy -- plain --> server
//! ```
//!
//! `copy_bidirectional` flushes whenever it has nothing more to read, so every message arrives at once.

use std::io;

use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamWriter};
use lz4_stream::{CompressOptions, DecompressOptions, StreamFormat};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 20;
const LINES: usize = 100;

static PLAIN: AtomicU64 = AtomicU64::new(0);
static COMPRESSED: AtomicU64 = AtomicU64::new(0);

/// A connection to the other proxy: what is written to it is compressed, and what is read from it is decompressed.
fn compressed(socket: TcpStream) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
    // With an end mark, a connection that breaks off is an error here, and no clean end.
    let format = StreamFormat::new().end_mark(true);
    let (input, output) = socket.into_split();
    Ok(tokio::io::join(
        Lz4StreamBufReader::with_options(
            BufReader::new(Counted(input)),
            &DecompressOptions::new().format(format.clone()),
        )?,
        Lz4StreamWriter::with_options(output, &CompressOptions::new().format(format))?,
    ))
}

/// The proxy near the client compresses what goes to the other proxy; the far one decompresses what comes from there.
async fn proxy(listener: TcpListener, target: SocketAddr, is_near: bool) -> io::Result<()> {
    loop {
        let (from, _) = listener.accept().await?;
        let to = TcpStream::connect(target).await?;
        for socket in [&from, &to] {
            socket.set_nodelay(true)?;
        }
        tokio::spawn(async move {
            let (mut plain, mut other) = match is_near {
                true => (from, compressed(to)?),
                false => (to, compressed(from)?),
            };
            // A direction that ends is shut down; the other one continues.
            let (there, back) = tokio::io::copy_bidirectional(&mut plain, &mut other).await?;
            if is_near {
                PLAIN.fetch_add(there + back, Relaxed);
            }
            io::Result::Ok(())
        });
    }
}

/// Answers each line at once, and after the last one with a total.
async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (input, mut output) = listener.accept().await?.0.into_split();
        tokio::spawn(async move {
            let (mut lines, mut count) = (BufReader::new(input).lines(), 0);
            while let Some(line) = lines.next_line().await? {
                count += 1;
                output.write_all(format!("you said: {line}\n").as_bytes()).await?;
            }
            // The client's direction is closed; this one is still open.
            output.write_all(format!("{count} lines\n").as_bytes()).await?;
            io::Result::Ok(())
        });
    }
}

async fn ask(near: SocketAddr, client: usize) -> io::Result<()> {
    let (input, mut output) = TcpStream::connect(near).await?.into_split();
    let (mut input, mut line) = (BufReader::new(input), String::new());
    for number in 0..LINES {
        let message = format!("message number {number} from client number {client}");
        output.write_all(format!("{message}\n").as_bytes()).await?;
        // It waits for the answer, so a message that lay in a page anywhere would stop it here.
        line.clear();
        input.read_line(&mut line).await?;
        assert_eq!(line.trim_end(), format!("you said: {message}"));
    }
    output.shutdown().await?;
    line.clear();
    input.read_to_string(&mut line).await?;
    assert_eq!(line, format!("{LINES} lines\n"));
    Ok(())
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let local = "127.0.0.1:0";
    let server = TcpListener::bind(local).await?;
    let far = TcpListener::bind(local).await?;
    let near = TcpListener::bind(local).await?;
    let address = near.local_addr()?;
    tokio::spawn(proxy(near, far.local_addr()?, true));
    tokio::spawn(proxy(far, server.local_addr()?, false));
    tokio::spawn(serve(server));

    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CONNECTIONS {
        clients.spawn(ask(address, client));
    }
    while let Some(result) = clients.join_next().await {
        result??;
    }
    let (plain, compressed) = (PLAIN.load(Relaxed), COMPRESSED.load(Relaxed));
    println!("{plain} bytes went over the compressed connections as {compressed}");
    assert!(0 < compressed && compressed < plain / 2);
    Ok(())
}

/// Counts the bytes that come from the other proxy.
struct Counted<R>(R);

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        out: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        let before = out.filled().len();
        let result = std::pin::Pin::new(&mut self.0).poll_read(cx, out);
        COMPRESSED.fetch_add((out.filled().len() - before) as u64, Relaxed);
        result
    }
}

//! A server that answers compressed requests on hundreds of connections at once, and its clients. Each `flush` ends a
//! message.

use std::io;

use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamWriter};
use lz4_stream::{CompressOptions, DecompressOptions, StreamFormat};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const CLIENTS: usize = 300;
const REQUESTS: usize = 50;
/// The longest message, in both directions.
const PAGE: usize = 8 * 1024;

type Receiver = Lz4StreamBufReader<BufReader<OwnedReadHalf>>;
type Sender = Lz4StreamWriter<OwnedWriteHalf>;

/// One stream per direction. With the end mark, each end can tell a peer that finished from one that broke off. With
/// the dictionary, even the first message is short.
fn wrap(socket: TcpStream) -> io::Result<(Receiver, Sender)> {
    socket.set_nodelay(true)?;
    let format = StreamFormat::new().end_mark(true).dictionary(response(""));
    let compress = CompressOptions::new().format(format.clone()).page_size(PAGE);
    let decompress = DecompressOptions::new().format(format).max_page_size(PAGE);
    let (input, output) = socket.into_split();
    Ok((
        Lz4StreamBufReader::with_options(BufReader::new(input), &decompress)?,
        Lz4StreamWriter::with_options(output, &compress)?,
    ))
}

fn response(user: &str) -> String {
    format!(r#"{{"status":"ok","user":{{"name":"user number {user}","mail":"{user}@example.com","active":true}}}}"#)
}

/// Answers requests until the client is done.
async fn serve(socket: TcpStream) -> io::Result<()> {
    let (mut receiver, mut sender) = wrap(socket)?;
    let mut request = String::new();
    // The page size limits a page. Only this limits a line.
    while (&mut receiver).take(PAGE as u64).read_line(&mut request).await? > 0 {
        if !request.ends_with('\n') {
            let message = "a request without an end, or over the limit";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let user = request.trim_end().strip_prefix("GET /users/").unwrap_or("nobody");
        sender.write_all(response(user).as_bytes()).await?;
        sender.write_all(b"\n").await?;
        sender.flush().await?; // one block, sent immediately
        request.clear();
    }
    sender.shutdown().await
}

/// Sends requests and checks the responses. Returns the bytes received, before and after decompression.
async fn ask(socket: TcpStream, client: usize) -> io::Result<(u64, u64)> {
    let (mut receiver, mut sender) = wrap(socket)?;
    let mut line = String::new();
    for request in 0..REQUESTS {
        let user = format!("{client}-{request}");
        sender.write_all(format!("GET /users/{user}\n").as_bytes()).await?;
        sender.flush().await?;
        line.clear();
        receiver.read_line(&mut line).await?;
        assert_eq!(line.trim_end(), response(&user));
    }
    sender.shutdown().await?;
    line.clear();
    assert_eq!(
        receiver.read_line(&mut line).await?,
        0,
        "the server ends its stream too"
    );
    assert_eq!(receiver.blocks(), REQUESTS as u64, "one block for each response");
    Ok((receiver.total_in(), receiver.total_out()))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        for _ in 0..CLIENTS {
            let (socket, _) = listener.accept().await?;
            connections.spawn(serve(socket));
        }
        while let Some(served) = connections.join_next().await {
            served??;
        }
        io::Result::Ok(())
    });

    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let socket = TcpStream::connect(address).await?;
        clients.spawn(ask(socket, client));
    }
    let (mut compressed, mut plain) = (0, 0);
    while let Some(received) = clients.join_next().await {
        let (bytes_in, bytes_out) = received??;
        compressed += bytes_in;
        plain += bytes_out;
    }
    server.await??;
    println!("{CLIENTS} clients got {plain} bytes of responses as {compressed} bytes");
    assert!(compressed < plain / 2);
    Ok(())
}

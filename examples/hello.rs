//! The smallest whole program: one step, one saga, a worker and a client.
//!
//! `cargo run --example hello` runs it in memory; `cargo run --example hello -- nats://127.0.0.1:4222` over NATS.

use sagaflow::prelude::*;

struct Greeter {
    word: &'static str,
}

/// A step: its arguments and its result travel in messages.
#[step]
#[retry(exponential, base = "1s", factor = 1.0, max_delay = "5m", max_attempts = 8)]
async fn greet(#[inject] greeter: &Greeter, name: String) -> Result<String, Failure> {
    Ok(format!("{}, {name}!", greeter.word))
}

/// A saga: ordinary control flow whose `.await`s are durable.
#[saga]
async fn welcome(names: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut greetings = Vec::new();
    for name in names {
        let greeting = greet(name).await?;
        greetings.push(greeting);
    }
    Ok(greetings)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "embedded:".to_owned());
    let transport = sagaflow::connect(&url).await?;
    let worker =
        Worker::builder(transport.clone()).serve::<welcome>().provide(Greeter { word: "Hello" }).build()?.spawn();

    let client = Client::new(transport);
    let names = ["Ada", "Grace", "Barbara"].map(str::to_owned).to_vec();
    let instance = client.start(welcome(names)).id("everybody").await?;
    for greeting in instance.outcome().await?? {
        println!("{greeting}");
    }
    worker.shutdown().await?;
    Ok(())
}

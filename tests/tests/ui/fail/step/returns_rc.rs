use std::rc::Rc;

use sagaflow::prelude::*;

#[step]
async fn load(id: u64) -> Result<Option<Rc<str>>, Failure> {
    Ok(Some(id.to_string().into()))
}

#[saga]
async fn checkout(id: u64) -> Result<Rc<u64>, Failure> {
    Ok(Rc::new(id))
}

fn main() {}

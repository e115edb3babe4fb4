async fn queue(mut open: Vec<Job>) -> Result<u32, Failure> {
    let mut done = 0;
    while let Some(job) = open.pop() {
        let Ok(parts) = split(job.id).await else { continue };
        open.extend(parts);
        done += 1;
    }
    Ok(done)
}

public import Foundation
internal import MediaIO
internal import Synchronization

/// Runs a task's pipeline, whose two ends are files, over the jobs of a plan.
public struct PipelineRun: Sendable {
  /// What became of one job.
  public enum Outcome: Sendable {
    case written(bytes: Int, seconds: Double)
    /// The output was there, made from this very input with these weights and options by this version.
    case skipped
    case failed(any Error)
  }

  private let pipeline: Pipeline
  /// Made beforehand unless the task streams from file to file.
  private let stage: AnyStage?
  private let stream: FileStream?
  private let weightsSHA256: String?

  /// Makes the stages, weights and all.
  /// - Throws: `PipelineError` of kind `.usage` when the pipeline's ends are not files.
  public init(_ pipeline: Pipeline, of task: any PipelineTask) throws {
    guard pipeline.input == .bytes, pipeline.output == .bytes else {
      throw PipelineError.usage(
        "the pipeline of '\(pipeline.specification.task)' takes \(pipeline.input.phrase) and gives "
          + "\(pipeline.output.phrase); it can be run stage by stage")
    }
    self.pipeline = pipeline
    stream = try (task as? any StreamingTask)?.fileStream(pipeline)
    stage = stream == nil ? try pipeline.stage() : nil
    weightsSHA256 = try task.weightsSHA256(pipeline.options, pipeline.specification)
  }

  /// The bytes of one output.
  public func output(of data: Data, context: StageContext) throws -> Data {
    guard let bytes = try (stage ?? pipeline.stage())(data, context: context) as? Data else {
      throw PipelineError.usage("the pipeline does not end in a file")
    }
    return bytes
  }

  /// Does one job; a file is written at once or not at all.
  /// - Parameter skipsDone: leaves an output alone that this run would make again.
  public func perform(_ job: RunPlan.Job, skipsDone: Bool, context: StageContext) throws -> Outcome {
    let start = Date()
    if let input = job.input, let output = job.output, let stream, Self.isRegular(input) {
      if skipsDone, try isDone(output, from: Digest.sha256(of: input)) { return .skipped }
      // Opened before the work, so that a folder that cannot be written to is found at once.
      let file = try AtomicFile(output)
      try stream(input, file, context)
      try context.checkCancelled()
      try file.commit()
      let size = try FileManager.default.attributesOfItem(atPath: output.path)[.size] as? Int
      return .written(bytes: size ?? 0, seconds: Date().timeIntervalSince(start))
    }
    let data =
      try job.input.map { try FileBytes.read($0, check: context.checkCancelled) } ?? StandardStreams.read()
    guard let output = job.output else {
      let bytes = try self.output(of: data, context: context)
      try StandardStreams.write(bytes)
      return .written(bytes: bytes.count, seconds: Date().timeIntervalSince(start))
    }
    if skipsDone, isDone(output, from: Digest.sha256(data)) { return .skipped }
    let file = try AtomicFile(output)
    let bytes = try self.output(of: data, context: context)
    try context.checkCancelled()
    try file.write(bytes)
    try file.commit()
    return .written(bytes: bytes.count, seconds: Date().timeIntervalSince(start))
  }

  /// A pipe can be read only once, and so not row by row after it was looked through.
  private static func isRegular(_ file: URL) -> Bool {
    let target = file.resolvingSymlinksInPath().path
    let type = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
    // A file that is not there is for the stream to name.
    return type == nil || type == .typeRegular
  }

  /// Does all jobs, `parallel` at a time; goes on after an error.
  /// - Parameter report: called once for each job as it ends, from one thread at a time.
  /// - Throws: `Interrupted` alone.
  public func performAll(
    _ jobs: [RunPlan.Job], parallel: Int, workers: Int,
    report: @escaping @Sendable (RunPlan.Job, Outcome) -> Void
  ) throws {
    let next = Mutex(0)
    let reporting = Mutex(())
    let group = DispatchGroup()
    for _ in 0..<min(parallel, jobs.count) {
      group.enter()
      let thread = Thread {
        defer { group.leave() }
        while !Interrupt.isRequested {
          let index = next.withLock { next in
            defer { next += 1 }
            return next
          }
          guard index < jobs.count else { return }
          var context = StageContext(workers: max(1, workers / parallel))
          context.source = jobs[index].source
          let outcome: Outcome
          do {
            try makeFolder(of: jobs[index])
            outcome = try perform(jobs[index], skipsDone: true, context: context)
          } catch is Interrupted {
            return
          } catch {
            outcome = .failed(error)
          }
          reporting.withLock { _ in report(jobs[index], outcome) }
        }
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    group.wait()
    try Interrupt.check()
  }

  /// Makes the folder that the output goes to, if it is not there.
  public func makeFolder(of job: RunPlan.Job) throws {
    guard let folder = job.output?.deletingLastPathComponent() else { return }
    try OutputFolder.make(folder)
  }

  private func isDone(_ output: URL, from inputSHA256: String) -> Bool {
    guard FileManager.default.fileExists(atPath: output.path),
      let provenance = try? Provenance(contentsOf: output)
    else { return false }
    return provenance.task == pipeline.specification.task && provenance.version == PipelineVersion.current
      && pipeline.has(provenance.options) && provenance.weightsSHA256 == weightsSHA256
      && provenance.condition?.inputSHA256 == inputSHA256
  }
}

extension Pipeline {
  /// Every option of every stage, as provenance records them.
  public var options: [String: String] {
    steps.reduce(into: [:]) { $0.merge($1.options.texts) { first, _ in first } }
  }

  /// Whether a file with these options was made by the same ones: those that it does not name are at their defaults.
  func has(_ recorded: [String: String]) -> Bool {
    let own = options
    guard recorded.allSatisfy({ own[$0.key] == $0.value }) else { return false }
    let descriptions = steps.flatMap(\.definition.options)
    return own.keys.filter { recorded[$0] == nil }.allSatisfy { name in
      descriptions.contains { $0.name == name && $0.defaultValue?.description == own[name] }
    }
  }
}

extension Provenance {
  /// The provenance that a media file carries.
  /// - Throws: `PipelineError` of kind `.data` when it carries none, or a broken one; `MediaError` for a broken file.
  public init(contentsOf file: URL) throws {
    let name = file.relativePath
    let found: Provenance?
    if let metadata = try ImageMetadata(ofPNG: file) {
      found = try Provenance(metadata, name: name)
      if let found {
        self = found
        return
      }
      throw PipelineError.data("\(name) does not say how it was made; only files that this tool wrote do")
    }
    if FileBytes.isPicture(file) {
      found = try Provenance(Image(decoding: FileBytes.read(file), name: name).metadata, name: name)
    } else {
      // The samples of a sound, which may be longer than memory, are not looked at.
      found = try Provenance(comment: AudioReader(contentsOf: file).comment ?? "", name: name)
    }
    guard let found else {
      throw PipelineError.data("\(name) does not say how it was made; only files that this tool wrote do")
    }
    self = found
  }
}

extension FileBytes {
  /// Whether a file begins as a PNG or JPEG file does.
  fileprivate static func isPicture(_ file: URL) -> Bool {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 16)) ?? Data()
    return (try? ImageFormat(sniffing: start, name: file.path)) != nil
  }
}

internal import Conditioners
internal import Families
internal import Foundation
public import PipelineCore
internal import Torch
internal import TorchNN

extension Imitation: ScoringTask {
  public func options(of verb: Verb) -> [OptionDescription] {
    verb == .score
      ? [
        Self.modelOption, Self.weightsOption,
        .integer(
          "chunks", in: 1...100_000, default: 200, help: "score: at most so many, spread over the file"),
      ] : []
  }

  /// log P(actions | observations) of recorded steps, chunk after chunk, each given what was seen before it; in the data's
  /// own units.
  public func score(_ request: InferenceRequest, _ specification: Specification) throws -> ScoreReport {
    let file = try Self.weights(request.options, specification)
    let description = try PolicyDescription(contentsOf: file)
    let network = try PolicyNetwork(description)
    try network.load(Safetensors(contentsOf: file), name: file.lastPathComponent)
    let family = try PolicyFamily(description, network.actions)
    guard let density = family.family as? any DensityModel else {
      throw PipelineError.usage(
        "a policy by \(description.family.rawValue) has no density; those by diffusion, flow-matching, mixture-density and "
          + "autoregressive have")
    }
    let steps = PolicySteps(
      try demonstrations(request, description), description, observationNoise: 0)
    let all = steps.wholeChunks()
    let most = min(all.count, request.options.integer("chunks"))
    guard most > 0 else {
      throw PipelineError.data(
        "\(request.name) has no episode of \(description.horizon) steps, which a chunk has")
    }
    let chosen = (0..<most).map { all[$0 * all.count / most] }
    let size = 25
    let parts = try ChunkRunner(workers: request.context.workers).map((most + size - 1) / size) { part in
      try request.context.checkCancelled()
      let rows = Array(chosen[part * size..<min(most, (part + 1) * size)])
      let told = try Tensor(rows.flatMap(\.told), shape: [rows.count, description.condition])
      let chunks = try Tensor(rows.flatMap(\.chunk), shape: [rows.count, description.dimensions])
      let noise = BatchNoise(seed: 0, first: part * size, count: rows.count)
      let found = try density.logDensity(
        family.shaped(chunks), known: nil, given: Conditioning(global: told), noise: noise)
      let errors = try found.standardError?.elements(Double.self) ?? []
      return (
        nats: try found.values.elements(Double.self).reduce(0, +), squares: errors.reduce(0) { $0 + $1 * $1 },
        kind: found.kind, evaluations: found.evaluations, hasErrors: found.standardError != nil
      )
    }
    // A density in the data's units is as many times smaller as these are larger.
    let logScale = description.action.scale.reduce(0) { $0 + log(Double($1)) } * Double(description.horizon)
    let nats = parts.reduce(0) { $0 + $1.nats } - logScale * Double(most)
    let dimensions = most * description.dimensions
    return ScoreReport(
      input: request.name, model: description.family.rawValue, condition: "observations", nats: nats,
      bitsPerDimension: -nats / (Double(dimensions) * log(2)), dimensions: dimensions,
      kind: parts[0].kind.rawValue,
      standardError: parts[0].hasErrors ? parts.reduce(0) { $0 + $1.squares }.squareRoot() : nil,
      evaluations: parts[0].evaluations)
  }

  private func demonstrations(_ request: InferenceRequest, _ description: PolicyDescription) throws
    -> Demonstrations
  {
    let found = try Demonstrations(
      DemonstrationLines.rows(request.input, name: request.name), source: request.name)
    guard found.observationSize == description.observationSize, found.actionSize == description.actionSize
    else {
      throw PipelineError.data(
        "\(request.name) has \(found.observationSize) numbers observed and \(found.actionSize) acted with; "
          + "\(description.observationSize) and \(description.actionSize) would be right")
    }
    for task in found.tasks where !description.tasks.isEmpty && !description.tasks.contains(task) {
      throw PipelineError.data(
        "\(request.name): \(NearestName.unknown("task", task, known: description.tasks, listing: true))")
    }
    guard description.tasks.isEmpty || !found.tasks.isEmpty else {
      throw PipelineError.data(
        "\(request.name) names no task; one of \(description.tasks.joined(separator: ", ")) in each line would be right"
      )
    }
    return found
  }
}

internal import Torch

extension SceneAttributes {
  /// The scores of each list, `[N, values]`, of those of all lists, `[N, 53]`.
  static func lists(_ scores: Tensor) throws -> [Tensor] {
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      return try scores.narrow(1, start: start, length: size)
    }
  }

  /// −log P(attributes of a scene) in nats, summed over the lists that a scene has a choice in, on average.
  /// - Parameter lists: a score for each choice of each list, `[N, choices]`.
  static func loss(_ lists: [Tensor], _ scenes: [Scene]) throws -> Tensor {
    let choices = scenes.map(choices)
    var total = try Tensor.zeros([1])
    for (list, scores) in lists.enumerated() {
      let size = sizes[list]
      let wanted = choices.flatMap { row in (0..<size).map { row[list] == $0 ? Float(1) : 0 } }
      let logs = try scores.logSoftmax(1)
      let known = try Tensor(wanted, shape: [scenes.count, size]).to(device: scores.device)
      total = try total.to(device: scores.device) - (logs * known).sum() / Double(scenes.count)
    }
    return try total.sum()
  }
}

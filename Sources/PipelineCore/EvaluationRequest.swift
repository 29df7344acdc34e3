public import Charts
public import Foundation

/// What `pipeline evaluate` was asked for.
public struct EvaluationRequest: Sendable {
  /// nil for the default model, `all` for every one.
  public var model: String?
  /// Folders with test data, each evaluated for itself.
  public var data: [URL]
  /// The task's own options.
  public var options: Options
  /// Threads; 0 for one per core.
  public var workers: Int
  public var device: String
  public var progress: ProgressLine.Mode

  public init(
    model: String?, data: [URL], options: Options, workers: Int = 0, device: String = "cpu",
    progress: ProgressLine.Mode = .quiet
  ) {
    self.model = model
    self.data = data
    self.options = options
    self.workers = workers
    self.device = device
    self.progress = progress
  }
}

/// Rows of figures, for people and for programs.
public struct EvaluationTable: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public var name: String
    /// In the order of `columns`; nil where a figure does not apply.
    public var values: [Double?]

    public init(_ name: String, _ values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  /// What the rows are: `picture`.
  public var subject: String
  /// Name, with the unit, and digits after the point.
  public var columns: [(name: String, digits: Int)]
  public var rows: [Row]
  /// Whether the text has a line for each figure instead of one for each row.
  public var isTransposed: Bool
  /// The figures as curves, where they are some.
  public var chart: LineChart?

  /// - Parameter columns: one named like the one before with ` ±` behind is that one's standard error.
  public init(
    subject: String, columns: [(name: String, digits: Int)], rows: [Row], isTransposed: Bool = false,
    chart: LineChart? = nil
  ) {
    self.subject = subject
    self.columns = columns
    self.rows = rows
    self.isTransposed = isTransposed
    self.chart = chart
  }

  public static func == (a: EvaluationTable, b: EvaluationTable) -> Bool {
    a.subject == b.subject && a.rows == b.rows && a.columns.map(\.name) == b.columns.map(\.name)
  }

  /// Aligned columns, a line each row, with standard errors beside their figures.
  public var text: String {
    let shown = columns.indices.filter { !isError($0) }
    var lines = [[subject] + shown.map { columns[$0].name }]
    for row in rows {
      lines.append(
        [row.name]
          + shown.map { column in
            guard let figure = cell(row, column) else { return "–" }
            let error = isError(column + 1) ? cell(row, column + 1) : nil
            return error.map { "\(figure) ± \($0)" } ?? figure
          })
    }
    if isTransposed { lines = lines[0].indices.map { column in lines.map { $0[column] } } }
    let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      line.enumerated().map { index, cell in
        let space = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private func isError(_ column: Int) -> Bool {
    column > 0 && column < columns.count && columns[column].name == columns[column - 1].name + " ±"
  }

  private func cell(_ row: Row, _ column: Int) -> String? {
    row.values[column].map { String(format: "%.\(columns[column].digits)f", $0) }
  }

  /// One object a line.
  public var jsonLines: String {
    rows.map { row in
      let pairs = zip(columns, row.values).map { column, value in
        "\(Self.quoted(column.name)):\(value.map { $0.isFinite ? "\($0)" : "null" } ?? "null")"
      }
      return "{" + (["\(Self.quoted(subject)):\(Self.quoted(row.name))"] + pairs).joined(separator: ",") + "}"
    }.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A string always encodes.
    return String(decoding: try! encoder.encode(text), as: UTF8.self)
  }
}

/// A task whose models can be judged on test data.
public protocol EvaluableTask: PipelineTask {
  /// Of `evaluate`; the task's own unless said otherwise.
  var evaluationOptions: [OptionDescription] { get }
  /// Whether a table has a chart.
  var hasChart: Bool { get }

  /// - Parameter specification: of this task.
  func evaluate(_ request: EvaluationRequest, _ specification: Specification) throws -> [EvaluationTable]
}

extension EvaluableTask {
  public var evaluationOptions: [OptionDescription] { options }
  public var hasChart: Bool { false }
}
